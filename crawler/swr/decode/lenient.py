"""The slow way: items one by one, each a record or a reject, whatever it holds (pure).

What has one obvious reading is read so; all else is refused, alone, with its reason and raw bytes.

    read                                           | refused
    -----------------------------------------------|-----------------------------------------------------------
    integers: 5, "5", 5.0, 5e0                     | 5.5, "5.0", "+5", true, beyond 64 bits; a float from 2^53 on:
                                                   |   it may stand for its neighbour
    booleans: true, "true", "True"                 | 0, 1, "yes", ""
    times: RFC 3339, any offset, none is UTC       | times that don't exist, numbers, days without a clock
    texts: any Unicode text, controls, NUL and     | half a surrogate pair, invalid or overlong UTF-8, controls
      U+2028 included, when JSON escapes them right|   that are not escaped
    null or no field: null, tags: []               | a name or namespace that is missing, empty or no text
    a field given twice: the last one counts, as in| NaN, Infinity, 1e400, and integers beyond a float's range:
      most readers, and as the fast way does it    |   not every reader could read the line
    unknown fields, also those named like ours:    | nesting beyond 64 levels
      kept under `extra`, in the order they came   | an item that is no object, no JSON (comments, trailing
    total_range that can't be read: none declared  |   commas, single quotes) or nothing at all (`[a,,b]`)

Source: api/list-shared-images.txt, Table 4 (fields); FACTS 1.2, 2 and 6 (what is seen in the wild).
"""

import re
from collections.abc import Callable, Iterable
from heapq import nsmallest
from typing import Any, Final

import msgspec
import orjson

from crawler.model.record import INT64
from crawler.swr.decode.batch import Batch, Source
from crawler.swr.decode.fast import Item, fill
from crawler.swr.decode.reject import key_of_raw, reject_line
from crawler.swr.decode.times import NoTimeError, canonical
from crawler.text.human import shortened

_encode = msgspec.json.Encoder().encode

_MALFORMED: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class _UnreadableError(ValueError):
    """Why an item can't be made a record; the message is the reason."""


def read_odd_items(raws: Iterable[bytes], origin: Source) -> Batch:
    """Normalize items given as raw bytes."""
    lines: list[bytes] = []
    rejects: list[bytes] = []
    keys: list[int] = []
    totals: set[int] = set()
    unknown: set[str] = set()
    outside = 0
    for index, raw in enumerate(raws):
        try:
            fields = _fields(raw)
            total = _total(fields.pop("total_range", None))  # it counts even when the rest can't be read
            totals.update(() if total is None else (total,))
            item = _normalize(fields, origin)
            [key] = fill([item], origin).keys
            line = _encode(item)
            if fields:
                _check(line)
            lines.append(line + b"\n")
        except (*_MALFORMED, ValueError) as error:
            rejects.append(reject_line(raw, index, str(error), origin))
            key = key_of_raw(raw)
        else:
            unknown.update(fields)
            outside += origin.namespace not in {None, item.namespace}
        keys.append(key)
    counts = len(lines), len(rejects)
    return Batch(b"".join(lines), b"".join(rejects), *counts, keys, frozenset(totals), _named(unknown), outside)


# Names of unknown fields are reported, not needed: a service may send as many and as long ones as it likes.
_MOST_NAMES: Final = 100
_LONGEST_NAME: Final = 100


def _named(unknown: set[str]) -> frozenset[str]:
    return frozenset(shortened(name, _LONGEST_NAME) for name in nsmallest(_MOST_NAMES, unknown))


# Decoders stop at the depth of the stack they happen to be called on: what one has read, another might not.
_DEEPEST: Final = 64


def _fields(raw: bytes) -> dict[str, Any]:
    if _is_too_deep(raw):
        raise _UnreadableError(f"is nested deeper than {_DEEPEST} levels")
    try:
        # msgspec and not orjson: integers beyond 64 bits stay exact here, orjson makes them floats.
        item = msgspec.json.decode(raw)
    except _MALFORMED as error:
        raise _UnreadableError(f"is not valid JSON: {_better_said(error, raw)}") from None
    if not isinstance(item, dict):
        raise _UnreadableError(f"is no object but {_kind(item)}")
    return item


def _better_said(error: Exception, raw: bytes) -> str:
    """Say it in orjson's words, but for numbers: to msgspec half a surrogate pair is "Input data was truncated"."""
    if not isinstance(error, msgspec.ValidationError):
        try:
            orjson.loads(raw)
        except orjson.JSONDecodeError as found:
            return found.msg
    return str(error)


_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_ALIKE: Final = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))


def _is_too_deep(raw: bytes) -> bool:
    """Take the innermost brackets away, level by level: at 16 MB a step of Python for each would cost seconds."""
    if raw.count(b"[") + raw.count(b"{") <= _DEEPEST:
        return False
    brackets = _STRINGS.sub(b"", raw).translate(_ALIKE, _NO_BRACKETS)
    for level in range(_DEEPEST):
        if b"[" * (_DEEPEST + 1 - level) in brackets:
            return True
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)


def _check(line: bytes) -> None:
    """Refuse a line that not every reader can read: what is known has types that all have, `extra` has anything."""
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise _UnreadableError(f"holds what not every reader of JSON can read: {error.msg}") from None


def _normalize(fields: dict[str, Any], origin: Source) -> Item:
    """Make an item of `fields`, taking what it knows out of it: what is left is unknown to this version."""
    known: dict[str, Any] = {}
    for name, reader in _READERS.items():
        try:
            known[name] = reader(fields.pop(name, None))
        except (_UnreadableError, NoTimeError) as error:
            raise _UnreadableError(f"{name} {error}") from None
    item = Item(**known)
    item.target, item.center = origin.target, origin.center  # type: ignore[assignment]  # no JSON decodes to their type
    if fields:
        item.extra = dict(fields)  # type: ignore[assignment]  # nor to this one's
    return item


def _identity(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise _UnreadableError(f"must be text and is {_kind(value)}")
    return value


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise _UnreadableError(f"must be text or null and is {_kind(value)}")


_INTEGER = re.compile(r"-?[0-9]{1,19}")
_EXACT_IN_FLOAT: Final = 2**53  # and 2^53 + 1 is this float, too


def _integer(value: object) -> int | None:
    """Read 5, "5" and 5.0 as 5; true, 5.5, and what 64 bits (or a float's 53) can't hold are refused."""
    if value is None:
        return None
    if (isinstance(value, str) and _INTEGER.fullmatch(value)) or (
        isinstance(value, float) and value.is_integer() and abs(value) < _EXACT_IN_FLOAT
    ):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _UnreadableError(f"must be an integer or null and is {_kind(value)}")
    if not -INT64 <= value < INT64:
        raise _UnreadableError("does not fit in 64 bits")
    return value


_BOOLEANS: Final = {"true": True, "false": False}


def _boolean(value: object) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _BOOLEANS:
        return _BOOLEANS[value.lower()]
    raise _UnreadableError(f"must be true, false or null and is {_kind(value)}")


def _moment(value: object) -> str | None:
    text = _text(value)
    return None if text is None else canonical(text)


def _tags(value: object) -> list[str] | None:
    if value is None:
        return None
    if isinstance(value, list) and all(isinstance(tag, str) for tag in value):
        return value
    raise _UnreadableError(f"must be a list of texts or null and is {_kind(value)}")


def _total(value: object) -> int | None:
    """Read a declared total; one that can't be read declares nothing, it is no part of the record."""
    try:
        total = _integer(value)
    except _UnreadableError:
        return None
    return total if total is None or total >= 0 else None


_READERS: Final[dict[str, Callable[[object], Any]]] = {
    "name": _identity,
    "category": _text,
    "description": _text,
    "size": _integer,
    "is_public": _boolean,
    "num_images": _integer,
    "num_download": _integer,
    "created_at": _moment,
    "updated_at": _moment,
    "logo": _text,
    "url": _text,
    "path": _text,
    "internal_path": _text,
    "domain_name": _text,
    "namespace": _identity,
    "tags": _tags,
    "status": _boolean,
}


def _kind(value: object) -> str:
    """Name what `value` is in JSON's words, shortened."""
    names = {dict: "an object", list: "a list", type(None): "null", bool: "a boolean"}
    return names.get(type(value)) or _encode(value)[:40].decode(errors="replace")
