r"""Masks secrets in foreign text, however they are spelled there (pure).

A gateway that repeats a request in its error repeats the token; what stands before it may have escaped, encoded,
wrapped or cut it. So the text is compared as it is, and again after each layer of escapes is removed:

    spelled as                         found by
    ---------------------------------  ------------------------------------------------------------------
    it is, wrapped, with line ends     spaces and control characters are left out of the comparison
    %2B, \u002b, \/, &#43;, &quot;      escapes are decoded, up to four layers of any kinds
    base64, base64url, hex             these are spellings of the secret; of base64 there are three, as the
                                       text before it shifts its bits
    in capital or small letters        case is left out of the comparison, as in a host or the name of a coding
    cut, at either end                 any 12 characters in a row of a longer secret are masked, unless fewer than 5 of
                                       them differ: a run of zeros is in many texts by chance

A secret of fewer than 8 characters is masked only where it stands alone, so that it does not mask half of every text;
one of fewer than 4 would, and is not masked. No password of the service is so short.

It takes time in proportion to the length of the text. What to look for is made once for each secret; a text is looked
up at every seventh character, and only where six characters are of a secret, closely.
"""

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple, Protocol, TypeAlias

from crawler.text.escapes import View, compared, forms, views

Mask: TypeAlias = Callable[[str], str]  # returns a text without any secret

MASK: Final = "***"
_FRAGMENT: Final = 12  # characters in a row that cannot be there by chance,
_DIFFERENT: Final = 5  # if so many of them differ
_PIECE: Final = 6  # of a fragment; wherever that begins, one piece of it begins at a multiple of _STEP
_STEP: Final = _FRAGMENT - _PIECE + 1
_SHORT: Final = 8
_SHORTEST: Final = 4
_MAX_FORMS: Final = 30  # one secret can be decoded in as many orders as it has kinds of escapes, layer by layer


class HoldsSecrets(Protocol):
    """What holds secrets: credentials."""

    @property
    def secrets(self) -> Iterable[str]:
        """The secrets now, and past ones that may still come back in a text."""
        ...


class Secrets:
    """The secrets that a process knows, by who holds them. Its repr shows none."""

    def __init__(self) -> None:
        self._holders: list[HoldsSecrets] = []

    def add(self, holder: HoldsSecrets) -> None:
        """Mask the secrets that `holder` has, and will have."""
        self._holders.append(holder)

    def masked(self, text: str, *more: str) -> str:
        """Return `text` with `***` in place of each known secret, and of `more`: those of one request."""
        known = frozenset(secret for holder in self._holders for secret in holder.secrets)
        return _masked(text, (_patterns_of(known), *(_passing(secret) for secret in more if secret not in known)))


def masked(text: str, secrets: Iterable[str]) -> str:
    """Return `text` with `***` in place of each of `secrets`, in each of its spellings."""
    return _masked(text, (_patterns_of(frozenset(secrets)),))


def _masked(text: str, wanted: Iterable["_Patterns"]) -> str:
    kept: list[str] = []
    done = 0
    for start, end in sorted(part for view in views(text) for patterns in wanted for part in _found(view, patterns)):
        if start > done or not kept:
            kept += (text[done:start], MASK)
        done = max(done, end)
    return "".join((*kept, text[done:]))


class _Patterns(NamedTuple):
    """What to look for: fragments of spellings, with their pieces; spellings without any; words that stand alone."""

    fragments: frozenset[str]
    pieces: frozenset[str]
    spellings: frozenset[str]
    words: frozenset[str]


_NOTHING: Final = (frozenset[str](),) * 4


@lru_cache(maxsize=4)
def _patterns_of(secrets: frozenset[str]) -> _Patterns:
    """Return what to look for of the secrets of a client: when one is renewed, only that one is worked out."""
    if len(secrets) == 1:
        return _lasting(*secrets)
    every = list(map(_lasting, secrets))
    return _Patterns(*(frozenset[str]().union(*column) for column in zip(*every, strict=True)) if every else _NOTHING)


def _patterns(secret: str) -> _Patterns:
    fragments: set[str] = set()
    pieces: set[str] = set()
    whole: set[str] = set()
    for spelling in _spellings(secret):
        if any(map(_is_telling, _windows(spelling, _FRAGMENT))):
            fragments.update(_windows(spelling, _FRAGMENT))
            pieces.update(_windows(spelling, _PIECE))
        elif len(spelling) >= _SHORT:
            whole.add(spelling)
    word = _folded(compared(secret))
    words = frozenset({word} if _SHORTEST <= len(word) < _SHORT else ())
    return _Patterns(frozenset(fragments), frozenset(pieces), frozenset(whole), words)


# A token of 2 kB takes some milliseconds and megabytes. The signatures, one for each request, do not push it out.
_lasting = lru_cache(maxsize=16)(_patterns)
_passing = lru_cache(maxsize=16)(_patterns)


def _is_telling(fragment: str) -> bool:
    return len(set(fragment)) >= _DIFFERENT


def _windows(spelling: str, length: int) -> Iterator[str]:
    return (spelling[at : at + length] for at in range(len(spelling) - length + 1))


def _spellings(secret: str) -> Iterator[str]:
    """Yield the secret as it is compared: itself, as a form sends it, in hex, and in base64 after 0 to 2 bytes more.

    And what is left of itself when escapes in it are read, as they are in a text.
    """
    data = secret.encode(errors="surrogatepass")
    yield from map(_folded, forms(secret, _MAX_FORMS))
    yield _folded(compared(secret.replace(" ", "+")))
    if len(compared(secret)) < _SHORTEST:
        return
    yield data.hex()
    for shift in range(3):
        bits = 8 * (shift + len(data))
        yield _folded(b64encode(bytes(shift) + data).decode()[-(-8 * shift // 6) : bits // 6])


_BASE64_URL: Final = str.maketrans("-_", "+/")


def _folded(chars: str) -> str:
    """Return as many characters, with one spelling for those that have several.

    Base64 and base64url are the same, and so are capital and small letters: the host of an address, the names of HTTP
    and some servers' messages come in small letters, whatever was sent.
    """
    chars = chars.translate(_BASE64_URL)
    return chars.lower() if chars.isascii() else "".join(map(_small, chars))


def _small(char: str) -> str:
    """Return the same for a letter, its capital and its small form; the letter itself where these are several."""
    small = char.upper().lower()
    return small if len(small) == 1 else char


def _found(view: View, patterns: _Patterns) -> Iterator[tuple[int, int]]:
    """Yield the parts of the text that are secret."""
    chars = _folded(view.chars)
    for first, last in _runs(chars, patterns):
        yield view.start(first), view.end(last)
    for spelling in patterns.spellings:
        for at in _places(chars, spelling):
            yield view.start(at), view.end(at + len(spelling) - 1)
    for word in patterns.words:
        for at in _places(chars, word):
            if _ends_word(view, at) and _ends_word(view, at + len(word)):
                yield view.start(at), view.end(at + len(word) - 1)


def _runs(chars: str, patterns: _Patterns) -> Iterator[tuple[int, int]]:
    """Yield first and last character of each run of fragments that are one character apart, if one of them tells."""
    begins = list(_fragments(chars, patterns))
    cuts = [at for at in range(1, len(begins)) if begins[at] > begins[at - 1] + 1]
    for start, end in pairwise([0, *cuts, len(begins)] if begins else []):
        if any(_is_telling(chars[begin : begin + _FRAGMENT]) for begin in begins[start:end]):
            yield begins[start], begins[end - 1] + _FRAGMENT - 1


def _fragments(chars: str, patterns: _Patterns) -> Iterator[int]:
    """Yield where the fragments begin, in order."""
    fragments, pieces = patterns.fragments, patterns.pieces
    places = [at for at in range(0, len(chars) - _PIECE + 1, _STEP) if chars[at : at + _PIECE] in pieces]
    for at in places:
        for begin in range(max(0, at - _STEP + 1), at + 1):
            if chars[begin : begin + _FRAGMENT] in fragments:
                yield begin


def _places(chars: str, text: str) -> Iterator[int]:
    at = chars.find(text)
    while at >= 0:
        yield at
        at = chars.find(text, at + len(text))


def _ends_word(view: View, at: int) -> bool:
    """Return whether a word ends or begins before the character at `at`; a space is not in the view: it is a gap."""
    if at in {0, len(view.chars)} or view.end(at - 1) < view.start(at):
        return True
    return not (view.chars[at - 1].isalnum() and view.chars[at].isalnum())
