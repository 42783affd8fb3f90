"""Splits the list in a response body into its items by brackets, quotes and commas alone (pure).

One lone surrogate or NaN makes every strict JSON reader refuse a whole page. When the list is split first and each item
is read on its own, only the damaged item is lost. Laws for a body in which one byte changed:

- If the byte is inside a string of an item and becomes neither a quote nor a backslash, every other item is split as
  before.
- If it is anywhere and becomes anything, either the body is refused as a whole, or each item is one of the items
  before, the damaged item, or the damaged item joined with its neighbours.

Source: docs/reference/swr-api.md#response-body, #empty-result, #envelope.
"""

import re
from itertools import pairwise
from typing import Final

import msgspec

from crawler.swr.decode.bounds import MAX_DEPTH
from crawler.swr.decode.strings import STRING, without_escapes
from crawler.text.malformed import MALFORMED

# A hundred times the largest page. Without a bound, 64 MB of `0,0,0` would become gigabytes of rejects.
MAX_ITEMS: Final = 100_000
_MAX_STEPS: Final = 2 * MAX_ITEMS  # a bracket and a comma for each item
_MAX_COMMAS: Final = 10 * MAX_ITEMS  # a decoder makes all items before they can be counted
_TOO_MANY: Final = f"the body holds more than {MAX_ITEMS} items; no page has more than 1000"
# A run of brackets is a step of Python: a page of a thousand items takes some thousand, these take half a second.
MAX_RUNS: Final = 2**20
_TOO_MANY_RUNS: Final = f"the body holds more than {MAX_RUNS} runs of nested brackets; no page has a tenth of them"

_SPACE: Final = b" \t\r\n"  # JSON's white space; bytes.strip() without an argument strips more
_BOM: Final = b"\xef\xbb\xbf"
_ENVELOPE_NAMES: Final = frozenset({"repos", "body"})
# What an envelope holds that stands for a failed request, with whatever list beside it.
_ERROR_NAMES: Final = frozenset({"error", "errors", "error_code", "errorCode", "error_msg", "errorMsg", "errorMessage"})
_NO_ERROR: Final = frozenset({b"null", b'""', b"0", b"false", b"[]", b"{}"})
_STATUS_NAMES: Final = frozenset({"statusCode", "status_code"})
_FIRST_ERROR_STATUS: Final = 400
_STATUS_DIGITS: Final = 3  # what is longer is no status; Python refuses to read a number of thousands of digits
_decode_raws = msgspec.json.Decoder(list[msgspec.Raw]).decode

# All patterns but the last read text without escapes (strings.py). An atomic group remembers each of its tokens until
# it ends, so it takes a bounded number of them; a match without a mark goes on with the next ones.
#
# Flat lists and objects are skipped, and brackets taken in runs: one step of Python for each bracket would be slow.
# Long ones are not: while a match goes on, no other thread runs.
_FLAT: Final = rb'[\[{](?>(?:[^"\0\[\]{}]++|%b){0,1000})[\]}]' % STRING
_BRACKETS: Final = rb"[\[{]++|[\]}]++"
_NEXT_IN_LIST = re.compile(rb'(?>(?:[^"\0\[\]{},]++|%b|%b){0,1000})(%b|,)?' % (STRING, _FLAT, _BRACKETS))
_NEXT_IN_ITEM = re.compile(rb'(?>(?:[^"\0\[\]{}]++|%b|%b){0,1000})(%b)?' % (STRING, _FLAT, _BRACKETS))
# Text and whole strings, in which a walk through a deeply nested item may stop at any end.
_STRETCH = re.compile(rb'(?>(?:[^"\0]{1,200}+|%b){0,1000})' % STRING)
_STRINGS = re.compile(STRING)
_NAME = re.compile(rb'"[^"]*+"')
_COLON = re.compile(rb"[ \t\r\n]*+:[ \t\r\n]*+")


class NotAListError(ValueError):
    """The body is not a list of items: HTML, an error object, truncated JSON. The message is the reason."""


def unwrap_list(body: bytes) -> bytes:
    """Return the text of the list that a body holds or stands for, without white space around it.

    - A byte order mark in front is ignored (RFC 8259, 8.1).
    - `null` stands for the empty list (swr-api.md#empty-result). No bytes do not: only the head of a response can say
      that there are none (swr/page.py).
    - An object with exactly one list named `repos` or `body` stands for that list (swr-api.md#envelope). The rest of
      the object must be valid JSON, and must not say that the request failed (swr-api.md#error-dual).

    Raises NotAListError for any other body. It does not look inside the list.
    """
    text = body.removeprefix(_BOM).strip(_SPACE)
    if text == b"null":
        return b"[]"
    if not text:
        raise NotAListError("the body is empty")
    if text.startswith(b"["):
        return text
    if not text.startswith(b"{"):
        raise NotAListError("the body is not a list of repositories")
    members = list(map(_member, _split(text, b"}")))
    lists = [value for name, value in members if name in _ENVELOPE_NAMES]
    if any(_says_failed(name, value) for name, value in members):
        raise NotAListError("the body is an error, whatever its lists hold")
    if len(lists) != 1 or not lists[0].startswith(b"["):
        raise NotAListError("the body is an object, not a list of repositories")
    return lists[0]


def _says_failed(name: str, value: bytes) -> bool:
    """Return whether a member of the envelope says that the request failed."""
    if name in _STATUS_NAMES:
        return value.isdigit() and (len(value) > _STATUS_DIGITS or int(value) >= _FIRST_ERROR_STATUS)
    return name in _ERROR_NAMES and value.strip(_SPACE) not in _NO_ERROR


def split_items(text: bytes) -> list[bytes]:
    """Return the raw bytes of each item of a list, which is text as `unwrap_list` returns it.

    Whatever stands between two commas is an item, even if it is empty. Raises NotAListError when the list does not end
    where the text ends, or has more than MAX_ITEMS items.
    """
    if text.count(b",") <= _MAX_COMMAS:
        try:
            return _within_bound([bytes(raw) for raw in _decode_raws(text)])
        except MALFORMED:
            pass
    return _split(text, b"]")


def _within_bound(items: list[bytes]) -> list[bytes]:
    if len(items) > MAX_ITEMS:
        raise NotAListError(_TOO_MANY)
    return items


def _member(piece: bytes) -> tuple[str, bytes]:
    """Return name and raw value of one member of the envelope. Raises NotAListError if it is not valid JSON."""
    quoted = _NAME.match(without_escapes(piece))
    colon = _COLON.match(piece, quoted.end()) if quoted is not None else None
    try:
        if quoted is not None and colon is not None:
            name = msgspec.json.decode(piece[: quoted.end()], type=str)
            value = piece[colon.end() :]
            if name not in _ENVELOPE_NAMES:
                msgspec.json.decode(value, type=msgspec.Raw)
            return name, value
    except MALFORMED:
        pass
    raise NotAListError("the body is an object that is not valid JSON")


def _next_mark(plain: bytes, at: int, *, in_list: bool) -> tuple[bytes | None, int]:
    """Return the next brackets or comma from `at` on, and where they end; None when there are more tokens before it."""
    match = (_NEXT_IN_LIST if in_list else _NEXT_IN_ITEM).match(plain, at)
    assert match is not None  # noqa: S101 - both patterns match nothing, too
    return match[1], match.end()


def _past_depth(plain: bytes, at: int, depth: int) -> tuple[int, int, int]:
    """Return a place from `at` on that is within the same item, the depth there, and where looking further has sense.

    What is nested deeper than MAX_DEPTH is no record, wherever its brackets stand, so they need not be matched one by
    one: in a stretch with fewer closing brackets than it is deep no item ends, whatever their order. `{"a":[` three
    million times has no runs, and one step of Python for each of its brackets took ten seconds.
    """
    while True:
        match = _STRETCH.match(plain, at)
        assert match is not None  # noqa: S101 - it matches nothing, too
        bare = _STRINGS.sub(b"", match[0])
        closing = bare.count(b"]") + bare.count(b"}")
        if match.end() == at or closing >= depth - 1:
            return at, depth, match.end()
        at, depth = match.end(), depth + bare.count(b"[") + bare.count(b"{") - closing


def _split(text: bytes, end: bytes) -> list[bytes]:
    """Return what is between the first bracket and the last, which must be `end`, split at the commas of that level."""
    cuts, depth, at, steps, runs, known_to = [0], 1, 1, 0, 0, 0
    plain = without_escapes(text)
    while depth > 0:
        if depth > MAX_DEPTH + 1 and at >= known_to:
            at, depth, known_to = _past_depth(plain, at, depth)
        mark, next_at = _next_mark(plain, at, in_list=depth == 1)
        if next_at == at:  # no bracket is left, or a string has no end
            raise NotAListError("the body ends in the middle of the list")
        at = next_at
        if mark is None:
            continue
        steps += depth == 1
        runs += depth > 1
        if mark == b",":
            cuts.append(at - 1)
        else:
            depth += len(mark) if mark[0] in b"[{" else -len(mark)
        if steps > _MAX_STEPS or len(cuts) > MAX_ITEMS:
            raise NotAListError(_TOO_MANY)
        if runs > MAX_RUNS:
            raise NotAListError(_TOO_MANY_RUNS)
    if depth < 0 or at != len(text) or not text.endswith(end):
        raise NotAListError("the body goes on after the end of the list")
    cuts.append(at - 1)
    pieces = [text[start + 1 : stop].strip(_SPACE) for start, stop in pairwise(cuts)]
    return [] if pieces == [b""] else pieces
