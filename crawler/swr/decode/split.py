"""Finds the items in the body of an answer by brackets, quotes and commas alone (pure).

One lone surrogate or NaN makes every strict reader of JSON refuse a whole page. Cut first and read item by item,
only the item that holds it suffers. What holds of a body with one byte changed:

- inside a string of an item, to anything but a quote or a backslash: every other item is cut as before;
- anywhere, to anything: the body is refused as a whole, or no item is cut that is not one of before, the damaged
  one, or the damaged one joined to its neighbours.
"""

import re
from itertools import pairwise
from typing import Final

import msgspec

# A hundred times the largest page there is. Without a bound 64 MB of `0,0,0` would come to gigabytes of rejects.
MOST_ITEMS: Final = 100_000
_MOST_STEPS: Final = 2 * MOST_ITEMS  # a bracket and a comma for each
_MOST_COMMAS: Final = 10 * MOST_ITEMS  # a decoder makes all items before they can be counted: 70 bytes for each
_TOO_MANY: Final = f"the body holds more than {MOST_ITEMS} items; no page has more than 1000"

_SPACE: Final = b" \t\r\n"  # and no other: bytes.strip() alone knows more
_BOM: Final = b"\xef\xbb\xbf"
_WRAPPED: Final = frozenset({"repos", "body"})
_decode_raws = msgspec.json.Decoder(list[msgspec.Raw]).decode
_MALFORMED: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

# Possessive: a repetition that could be taken back costs 100 bytes a character, 2 GB for a string of 16 MB.
_STRING: Final = rb'"(?:[^"\\]++|\\.)*+"'
# Flat lists and objects are skipped, and brackets taken in runs: one step of Python for each costs seconds at 16 MB.
_FLAT: Final = rb'[\[{](?:[^"\[\]{}]++|' + _STRING + rb")*+[\]}]"
_BRACKETS: Final = rb"[\[{]++|[\]}]++"
_NEXT_IN_LIST = re.compile(rb'(?:[^"\[\]{},]++|%b|%b)*+(%b|,)' % (_STRING, _FLAT, _BRACKETS), re.DOTALL)
_NEXT_IN_ITEM = re.compile(rb'(?:[^"\[\]{}]++|%b|%b)*+(%b)' % (_STRING, _FLAT, _BRACKETS), re.DOTALL)
_MEMBER = re.compile(rb"(%b)[ \t\r\n]*+:[ \t\r\n]*+(.*)" % _STRING, re.DOTALL)


class NotAListError(ValueError):
    """The body is no list of items: HTML, an error object, truncated JSON."""


def list_in(body: bytes) -> bytes:
    """Give the text of the list that a body holds or stands for.

    A byte order mark before it is ignored (RFC 8259, 8.1). An empty body and `null` stand for the empty list
    (FACTS, "Unknown": both are expected of this service), an object with one list called `repos` or `body` for
    that list; all else in it must be JSON. Raises NotAListError for anything else.
    """
    text = body.removeprefix(_BOM).strip(_SPACE)
    if text in {b"", b"null"}:
        return b"[]"
    if text.startswith(b"["):
        return text
    if not text.startswith(b"{"):
        raise NotAListError("the body is not a list of repositories")
    lists = [value for name, value in map(_member, _cut(text, b"}")) if name in _WRAPPED]
    if len(lists) != 1 or not lists[0].startswith(b"["):
        raise NotAListError("the body is an object, not a list of repositories")
    return lists[0]


def items_in(text: bytes) -> list[bytes]:
    """Cut a list, as `list_in` gives it, into the raw bytes of its items.

    What stands between two commas is an item, even when it is nothing. Raises NotAListError when the list does not
    end where the text does, or holds more than MOST_ITEMS.
    """
    if text.count(b",") <= _MOST_COMMAS:
        try:
            return _within_bound([bytes(raw) for raw in _decode_raws(text)])
        except _MALFORMED:
            pass
    return _cut(text, b"]")


def _within_bound(items: list[bytes]) -> list[bytes]:
    if len(items) > MOST_ITEMS:
        raise NotAListError(_TOO_MANY)
    return items


def _member(piece: bytes) -> tuple[str, bytes]:
    """Read the name of one member of the object around a list, and cut off its value."""
    match = _MEMBER.fullmatch(piece)
    try:
        if match is not None:
            name = msgspec.json.decode(match[1], type=str)
            if name not in _WRAPPED:
                msgspec.json.decode(match[2], type=msgspec.Raw)
            return name, match[2]
    except _MALFORMED:
        pass
    raise NotAListError("the body is an object that is not valid JSON")


def _cut(text: bytes, end: bytes) -> list[bytes]:
    """Cut what is between the first bracket and the last, which must be `end`, at the commas of its own level."""
    cuts, depth, at, steps = [0], 1, 1, 0
    while depth > 0:
        match = (_NEXT_IN_LIST if depth == 1 else _NEXT_IN_ITEM).match(text, at)
        if match is None:  # no bracket is left, or a string has no end
            raise NotAListError("the body breaks off in the middle of the list")
        mark, at = match[1], match.end()
        steps += depth == 1
        if mark == b",":
            cuts.append(at - 1)
        else:
            depth += len(mark) if mark[0] in b"[{" else -len(mark)
        if steps > _MOST_STEPS or len(cuts) > MOST_ITEMS:
            raise NotAListError(_TOO_MANY)
    if depth < 0 or at != len(text) or not text.endswith(end):
        raise NotAListError("the body goes on after the end of its list")
    cuts.append(at - 1)
    pieces = [text[start + 1 : stop].strip(_SPACE) for start, stop in pairwise(cuts)]
    return [] if pieces == [b""] else pieces
