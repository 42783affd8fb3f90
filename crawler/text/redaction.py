r"""Masks secrets in foreign text, however they are spelled there (pure).

A gateway that repeats a request in its error repeats the token; what stands before it may have escaped, encoded,
wrapped or cut it. So the text is compared as it is, and again after each layer of escapes is removed:

    spelled as                         found by
    ---------------------------------  ------------------------------------------------------------------
    it is, wrapped, with line ends     spaces and control characters are left out of the comparison
    %2B, \u002b, \/, &#43;, &quot;      escapes are decoded, up to four layers of any kinds
    base64, base64url, hex             these are spellings of the secret; of base64 there are three, as the
                                       text before it shifts its bits
    cut, at either end                 any 12 characters in a row of a longer secret are masked

A secret of fewer than 8 characters is masked only where it stands alone, so that it does not mask half of every text;
one of fewer than 4 would, and is not masked. No password of the service is so short. In a text of more than 20 000
characters only whole secrets are found, in one layer of escapes: what is shown or stored of a message is far shorter.
"""

import html
import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple, Protocol, TypeAlias
from urllib.parse import quote, quote_plus

Mask: TypeAlias = Callable[[str], str]  # returns a text without any secret

MASK: Final = "***"
_FRAGMENT: Final = 12  # characters in a row that cannot be there by chance
_SHORT: Final = 8
_SHORTEST: Final = 4
_UNICODE_END: Final = 0x110000
_MAX_LAYERS: Final = 4
_LONG: Final = 20_000
_MAX_VIEWS: Final = 30  # one text can be decoded in as many orders as it has kinds of escapes, layer by layer
_ESCAPES: Final = (
    re.compile(r"(?:%[89A-Fa-f][0-9A-Fa-f])+|%[0-7][0-9A-Fa-f]"),
    re.compile(r"(?:\\u[Dd][89A-Fa-f][0-9A-Fa-f]{2})+|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|\\."),
    re.compile(r"&#?[0-9A-Za-z]{1,9};"),
)


class HoldsSecrets(Protocol):
    """What holds secrets: credentials."""

    @property
    def secrets(self) -> Iterable[str]:
        """Every secret so far, past ones too."""
        ...


class Secrets:
    """The secrets that a process knows, by who holds them. Its repr shows none."""

    def __init__(self) -> None:
        self._holders: list[HoldsSecrets] = []

    def add(self, holder: HoldsSecrets) -> None:
        """Mask the secrets that `holder` has, and will have."""
        self._holders.append(holder)

    def masked(self, text: str, *more: str) -> str:
        """Return `text` with `***` in place of each known secret, and of `more` secrets."""
        known = (secret for holder in self._holders for secret in holder.secrets)
        return masked(text, (*known, *more))


def masked(text: str, secrets: Iterable[str]) -> str:
    """Return `text` with `***` in place of each of `secrets`, in each of its spellings."""
    known = frozenset(secrets)
    if len(text) > _LONG:
        return _replaced(text, known)
    patterns = _patterns(known)
    found = sorted(part for view in _views(text) for part in _found(view, patterns))
    kept: list[str] = []
    done = 0
    for start, end in found:
        if start > done or not kept:
            kept += (text[done:start], MASK)
        done = max(done, end)
    return "".join((*kept, text[done:]))


def _replaced(text: str, secrets: Iterable[str]) -> str:
    """Return a long text with `***` in place of whole secrets; to compare it character by character would take long."""
    for secret in secrets:
        plain = secret.strip()
        if len(plain) < _SHORT:
            continue
        quoted = json.dumps(plain)[1:-1]
        escaped = (quote(plain, safe=""), quote_plus(plain), quoted, quoted.replace("/", r"\/"), html.escape(plain))
        for spelling in sorted({plain, *escaped, *_spellings(plain)}, key=len, reverse=True):
            text = text.replace(spelling, MASK) if len(spelling) >= _SHORT else text
    return text


class _View(NamedTuple):
    """The characters of a text that are compared, and the part of the text that each of them comes from."""

    chars: str
    starts: list[int]
    ends: list[int]


class _Patterns(NamedTuple):
    """What to look for: runs of characters by their length, and words that must stand alone."""

    runs: dict[int, frozenset[str]]
    words: tuple[str, ...]


def _compared(text: str) -> str:
    return "".join(char for char in text if char.isprintable() and not char.isspace())


def _view_of(text: str) -> _View:
    at = [index for index, char in enumerate(text) if char.isprintable() and not char.isspace()]
    return _View("".join(text[index] for index in at), at, [index + 1 for index in at])


@lru_cache(maxsize=4)
def _patterns(secrets: frozenset[str]) -> _Patterns:
    runs: dict[int, set[str]] = {}
    words: list[str] = []
    for secret in secrets:
        plain = _compared(secret)
        if _SHORTEST <= len(plain) < _SHORT:
            words.append(plain)
        for spelling in _spellings(secret):
            length = min(_FRAGMENT, len(spelling))
            if length >= _SHORT:
                windows = (spelling[at : at + length] for at in range(len(spelling) - length + 1))
                runs.setdefault(length, set()).update(windows)
    return _Patterns({length: frozenset(found) for length, found in runs.items()}, tuple(words))


def _spellings(secret: str) -> Iterator[str]:
    """Yield the secret as it is compared: itself, as a form sends it, in hex, and in base64 after 0 to 2 bytes more."""
    data = secret.encode(errors="surrogatepass")
    yield _compared(secret)
    yield _compared(secret.replace(" ", "+"))
    if len(_compared(secret)) < _SHORTEST:
        return
    yield data.hex()
    yield data.hex().upper()
    for shift in range(3):
        bits = 8 * (shift + len(data))
        encoded = b64encode(bytes(shift) + data).decode()[-(-8 * shift // 6) : bits // 6]
        yield encoded
        yield encoded.replace("+", "-").replace("/", "_")


def _views(text: str) -> Iterable[_View]:
    """Return the views of a text: as it is, and without one to _MAX_LAYERS layers of escapes."""
    layer = {view.chars: view for view in [_view_of(text)]}
    seen = dict(layer)
    for _ in range(_MAX_LAYERS):
        decoded = (_decoded(view, escapes) for view in layer.values() for escapes in _ESCAPES)
        layer = {view.chars: view for view in decoded if view.chars not in seen}
        seen |= layer
        if not layer or len(seen) > _MAX_VIEWS:
            break
    return seen.values()


def _found(view: _View, patterns: _Patterns) -> Iterator[tuple[int, int]]:
    """Yield the parts of the text that are secret."""
    chars = view.chars
    for length, runs in patterns.runs.items():
        for at in range(len(chars) - length + 1):
            if chars[at : at + length] in runs:
                yield view.starts[at], view.ends[at + length - 1]
    for word in patterns.words:
        for match in re.finditer(re.escape(word), chars):
            if _ends_word(view, match.start()) and _ends_word(view, match.end()):
                yield view.starts[match.start()], view.ends[match.end() - 1]


def _ends_word(view: _View, at: int) -> bool:
    """Return whether a word ends or begins before the character at `at`; a space is not in the view: it is a gap."""
    if at in {0, len(view.chars)} or view.ends[at - 1] < view.starts[at]:
        return True
    return not (view.chars[at - 1].isalnum() and view.chars[at].isalnum())


def _decoded(view: _View, escapes: re.Pattern[str]) -> _View:
    """Return the view without one layer of escapes."""
    chars: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    done = 0
    for match in escapes.finditer(view.chars):
        first, last = match.span()
        decoded = _compared(_unescaped(match[0]))
        chars += (view.chars[done:first], decoded)
        starts += [*view.starts[done:first], *[view.starts[first]] * len(decoded)]
        ends += [*view.ends[done:first], *[view.ends[last - 1]] * len(decoded)]
        done = last
    return _View("".join((*chars, view.chars[done:])), starts + view.starts[done:], ends + view.ends[done:])


def _unescaped(escape: str) -> str:
    if escape[0] == "%":
        return bytes.fromhex(escape.replace("%", "")).decode(errors="replace")
    if escape[0] == "&":
        # Not what browsers make of &#145; and the like: a control character stays one.
        number = re.fullmatch(r"&#(?:[xX]([0-9A-Fa-f]{1,6})|([0-9]{1,7}));", escape)
        code = 0 if number is None else int(number[1], 16) if number[1] else int(number[2])
        return chr(code) if number and code < _UNICODE_END else html.unescape(escape)
    if escape[1] == "u" and len(escape) > len(r"\u"):
        return bytes.fromhex(escape.replace(r"\u", "")).decode("utf-16-be", errors="replace")
    if escape[1] == "x" and len(escape) > len(r"\x"):
        return bytes.fromhex(escape[2:]).decode("latin-1")
    return "" if escape[1] in "nrtbf" else escape[1]
