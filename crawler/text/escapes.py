r"""Removes escapes from a text, layer by layer, and knows which part of the text each character then stands for (pure).

    language  escapes                              begin with
    --------  -----------------------------------  ----------
    percent   %2B, %C3%BC                          %
    JSON      \u002b, \ud83d\ude00, \x2b, \/, \n    \
    HTML      &#43;, &#x2B;, &quot;                &

In capital letters they are the same: a server may have changed the case of a text that was escaped before.

Each layer is made in one pass, and a layer is not longer than the one below it: so all views of a text take time in
proportion to its length, whatever it holds.
"""

import html
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import Final, NamedTuple

MAX_LAYERS: Final = 4


class _Escape(NamedTuple):
    """One kind of escape: the mark of its language, what it looks like, and how to read it."""

    mark: str
    pattern: str
    read: Callable[[str], str]


def _number(spelled: str) -> str:
    """Read &#43; and &#x2B;. Not what browsers make of &#145; and the like: a control character stays one."""
    digits = spelled[2:-1]
    code = int(digits[1:], 16) if digits[0] in "xX" else int(digits)
    return chr(code) if code < _UNICODE_END else spelled


_UNICODE_END: Final = 0x110000
# A character of several bytes, or of two units, is one escape. The first row that fits at a place is taken.
_ESCAPES: Final = (
    _Escape(
        "%",
        "%[CDcd]x%[89ABab]x|%[Ee]x(?:%[89ABab]x){2}|%[Ff]x(?:%[89ABab]x){3}|%xx".replace("x", "[0-9A-Fa-f]"),
        lambda spelled: bytes.fromhex(spelled.replace("%", "")).decode(errors="replace"),
    ),
    _Escape(
        "\\",
        r"\\[uU][Dd][89ABab]x{2}\\[uU][Dd][C-Fc-f]x{2}|\\[uU]x{4}".replace("x", "[0-9A-Fa-f]"),
        lambda spelled: bytes.fromhex(spelled.lower().replace(r"\u", "")).decode("utf-16-be", errors="replace"),
    ),
    _Escape("\\", r"\\[xX][0-9A-Fa-f]{2}", lambda spelled: bytes.fromhex(spelled[2:]).decode("latin-1")),
    _Escape("\\", r"\\[nrtbfNRTBF]", lambda _: ""),
    _Escape("\\", r"\\.", lambda spelled: spelled[1]),
    _Escape("&", r"&#(?:[0-9]{1,7}|[xX][0-9A-Fa-f]{1,6});", _number),
    _Escape("&", r"&[0-9A-Za-z]{1,9};", html.unescape),
)
_MARKS: Final = "".join(dict.fromkeys(escape.mark for escape in _ESCAPES))


# A text repeats its escapes, and to look one up is far faster than to read it.
_remembered = lru_cache(maxsize=4096)


class View:
    """The characters of a text, some of which were replaced: each stands for a part of the text.

    `below` is the view in which they were, None for the text itself. `pieces` has its characters in pieces, every
    second of which was replaced, and `replaced` the same pieces afterwards.
    """

    def __init__(self, below: "View | None", pieces: Sequence[str], replaced: Sequence[str]) -> None:
        self.chars = "".join(replaced)
        self._below = below
        self._pieces = pieces
        self._replaced = replaced

    def start(self, at: int) -> int:
        """Return where the part of the text begins that the character at `at` stands for."""
        return at if self._below is None else self._below.start(self._place(at)[0])

    def end(self, at: int) -> int:
        """Return where the part of the text ends that the character at `at` stands for."""
        return at + 1 if self._below is None else self._below.end(self._place(at)[1])

    def _place(self, at: int) -> tuple[int, int]:
        """Return the first and the last character of the view below that the one at `at` stands for."""
        ends, ends_below = self._ends
        piece = bisect_right(ends, at)
        if piece % 2:
            return ends_below[piece - 1], ends_below[piece] - 1
        place = ends_below[piece] - ends[piece] + at
        return place, place

    @cached_property
    def _ends(self) -> tuple[list[int], list[int]]:
        """Where each piece ends, here and below; most texts hold no secret, and nobody asks."""
        return list(accumulate(map(len, self._replaced))), list(accumulate(map(len, self._pieces)))

    def without(self, pattern: re.Pattern[str], read: Callable[[str], str]) -> "View":
        """Return the view in which `read` replaces what matches `pattern`, which is one group."""
        pieces = pattern.split(self.chars)
        replaced = pieces.copy()
        replaced[1::2] = map(read, pieces[1::2])
        return View(self, pieces, replaced)


def views(text: str) -> Iterator[View]:
    """Yield what a text may say: its compared characters, with 0 to MAX_LAYERS layers of any escapes removed.

    And without one layer of each language alone, where there are several: what looks like another one's escape may be
    meant as it stands.
    """
    base = without_gaps(text)
    yield base
    marks = [mark for mark in _MARKS if mark in base.chars]
    view = base
    for _ in range(MAX_LAYERS if marks else 0):
        before, view = view, without_escapes(view)
        if view.chars == before.chars:
            break
        yield view
    if len(marks) > 1:
        yield from (without_escapes(base, mark) for mark in marks)


def forms(text: str, at_most: int) -> frozenset[str]:
    """Return what becomes of a text's compared characters when layers of escapes are removed in any order.

    At least all of one layer are in it, whatever `at_most` says.
    """
    seen = layer = {compared(text)}
    for _ in range(MAX_LAYERS):
        decoded = {
            without_escapes(View(None, (), (chars,)), marks).chars for chars in layer for marks in (*_MARKS, _MARKS)
        }
        layer = decoded - seen
        seen = seen | layer
        if not layer or len(seen) > at_most:
            break
    return frozenset(seen)


def without_escapes(view: View, marks: str = _MARKS) -> View:
    """Return the view without one layer of the escapes that begin with one of `marks`."""
    return view.without(re.compile(_PATTERNS[marks]), _read)  # re remembers what it compiled; at import it costs


_PATTERNS: Final = {
    marks: f"({'|'.join(escape.pattern for escape in _ESCAPES if escape.mark in marks)})" for marks in (*_MARKS, _MARKS)
}


@_remembered
def _read(spelled: str) -> str:
    """Return the compared characters that an escape stands for."""
    read = next(escape.read for escape in _ESCAPES if re.fullmatch(escape.pattern, spelled))
    return compared(read(spelled))


def compared(text: str) -> str:
    """Return the characters of a text that are compared: no spaces, which come with wrapping, and no control ones."""
    return "".join(char for char in text if char.isprintable() and char != " ")


_compared = _remembered(compared)
_ASCII: Final = re.compile("[\x00-\x7f]+")
_GAPS: Final = re.compile("([\x00-\x20\x7f]{1,8})")
_GAPS_AND_OTHERS: Final = re.compile("([\x00-\x20\x7f]{1,8}|[^\x00-\x7f])")


def without_gaps(text: str) -> View:
    """Return the view of a text's compared characters."""
    has_odd = not _ASCII.sub("", text).isprintable()
    return View(None, (), (text,)).without(_GAPS_AND_OTHERS if has_odd else _GAPS, _compared)
