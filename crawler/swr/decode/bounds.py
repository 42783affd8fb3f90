"""How much one item, or one JSON value, may hold: its bytes, its elements, its depth (pure).

A decoder makes a Python object for each element, of 60 bytes and more. So the elements of a value are counted before it
is decoded: by counting commas and opening brackets, which is fast but counts those in texts, too; and only when that is
too many, without the texts. Both take one look at each byte, whatever the text holds: it need not be JSON.

The largest real item has a few thousand tags of at most 128 characters, some hundred kilobytes. These bounds are far
above that, and far below what would be felt: an item at the bounds takes about 100 MB and a tenth of a second.
"""

from typing import Final

from crawler.swr.decode.strings import without_strings

# A value of this many bytes has no more than MAX_ELEMENTS elements, whatever it holds: `[{},{}]` has the most, two for
# three bytes. So a page of usual size need not be counted, and an item becomes the same on any page.
SMALL_BYTES: Final = 2**20
MAX_ELEMENTS: Final = 700_000

# DuckDB reads lines of at most 16 MiB by default; a line takes at most 4.5 bytes for one of its item (1e15).
MAX_ITEM_BYTES: Final = 4 * 2**20

# A decoder's own limit depends on the stack it is called on: another call might refuse what one call has read.
MAX_DEPTH: Final = 64

_MAX_STRINGS: Final = 2 * MAX_ELEMENTS + 2  # an element has a name and a value; to remove millions of them is slow
_BRACES_TO_BRACKETS: Final = bytes.maketrans(b"{}", b"[]")
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))


def excess(raw: bytes) -> str:
    """Return which bound an item is beyond, to follow "the item", or "" when it may be decoded."""
    if len(raw) > MAX_ITEM_BYTES:
        return f"is larger than {MAX_ITEM_BYTES} bytes"
    if has_many_elements(raw):
        return f"holds more than {MAX_ELEMENTS} elements"
    return f"is nested deeper than {MAX_DEPTH} levels" if _is_too_deep(raw) else ""


def has_many_elements(text: bytes) -> bool:
    """Return whether a JSON value has more than MAX_ELEMENTS elements; an element that is a list counts twice."""
    if len(text) <= SMALL_BYTES or _elements(text) <= MAX_ELEMENTS:
        return False
    rest, strings = without_strings(text, _MAX_STRINGS)
    return strings == _MAX_STRINGS or _elements(rest) > MAX_ELEMENTS


def _elements(text: bytes) -> int:
    return text.count(b",") + text.count(b"[") + text.count(b"{")


def _is_too_deep(raw: bytes) -> bool:
    """Return whether an item is nested deeper than MAX_DEPTH levels.

    It removes the innermost brackets, level by level: one step of Python for each bracket would be slow.
    """
    if raw.count(b"[") + raw.count(b"{") <= MAX_DEPTH:
        return False
    brackets = without_strings(raw)[0].translate(_BRACES_TO_BRACKETS, _NOT_BRACKETS)
    for level in range(MAX_DEPTH):
        if b"[" * (MAX_DEPTH + 1 - level) in brackets:
            return True
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)
