"""The lenient path: items one by one, each a record or a reject, whatever it holds (pure).

A value with one obvious reading is read that way. Any other value costs its field: the field is null (tags: empty), and
the value is kept as it was sent under `invalid`.

    read                                           | invalid
    -----------------------------------------------|-----------------------------------------------------------
    integers: 5, "5", 5.0, 5e0                     | 5.5, "5.0", "+5", "", true, a list; beyond 64 bits; a float
                                                   |   from 2^53 on: it may stand for the next integer
    booleans: true, "true", "True"                 | 0, 1, "yes", ""
    times: RFC 3339, any offset, none means UTC;   | times that do not exist, numbers, dates without a time
      what says that there is none (times.py): null|
    texts: any Unicode text; also control          | a number, a list, an object
      characters, NUL, U+2028 if JSON escapes them |
    tags: a list of texts                          | a text, a list that holds anything else
    null or no field: null; for tags []            |
    a field given twice: the last one, as most     |
      JSON readers and the fast path do            |
    unknown fields, also those named like fields   |
      of the record alone: kept under `extra`,     |
      in their order                               |
    an unreadable total_range: no declared total   |

An item is rejected, alone, with the reason and its raw bytes, when it is not certain which record it is, or when its
line could not be read back:

- a name or namespace that is missing, empty or not text; a domain_name that is not text or null;
- a lone surrogate, invalid or overlong UTF-8, control characters that are not escaped;
- NaN, Infinity, 1e400, and integers beyond a float's range: not every JSON reader could read the line;
- more within it than any real item has (bounds.py): bytes, elements, or more than 64 levels;
- an item that is not an object, not JSON (comments, trailing commas, single quotes) or empty (`[a,,b]`).

Source: docs/reference/swr-api.md#response-fields, #types-in-practice, #unknown-fields, #time-format, #integer-range.
"""

import re
from collections.abc import Callable, Iterable
from heapq import nsmallest
from typing import Any, Final, NamedTuple

import msgspec
import orjson

from crawler.model.record import IDENTITY, INT64, ITEM_FIELDS, Int64, Name, Record, Time
from crawler.swr.decode.batch import EMPTY_BATCH, MAX_NAMES, Batch, Source, join
from crawler.swr.decode.bounds import excess
from crawler.swr.decode.fast import Item, normalize
from crawler.swr.decode.reject import Shown, key_of_reject, reject_line
from crawler.swr.decode.times import InvalidTimeError, time_or_none
from crawler.text.human import shortened
from crawler.text.malformed import MALFORMED

_encode = msgspec.json.Encoder().encode


class _UnreadableError(ValueError):
    """The item cannot be made a record; the message is the reason, to follow the name of the field if there is one."""


class _Readable(NamedTuple):
    """An item that was read: the record, and the names of its unknown and of its invalid fields."""

    item: Item
    unknown: frozenset[str]
    invalid: frozenset[str]


def read_leniently(raws: Iterable[bytes], source: Source, shown: Shown, first: int = 0) -> Batch:
    """Return the batch of items given as raw bytes, one after the other; `first` is the position of the first.

    `shown` is what may be told of the rejects of their page.
    """
    return join([_read(raw, index, source, shown) for index, raw in enumerate(raws, first)])


def _read(raw: bytes, index: int, source: Source, shown: Shown) -> Batch:
    total = None
    try:
        fields = _decode_object(raw)
        total = _total(fields.pop("total_range", None))  # it counts even if the item is rejected
        item, unknown, invalid = _read_item(fields, source)
        normalized = normalize([item], source)
        line = _encode(item)
        if unknown or invalid:
            _require_portable(line)
    except (*MALFORMED, ValueError) as error:
        totals = frozenset(() if total is None else (total,))
        reject = reject_line(raw, index, str(error), source, shown)
        key = key_of_reject(reject)
        return EMPTY_BATCH._replace(rejects=reject, rejected=1, keys=[key], totals=totals, reject_keys=(key,))
    return Batch(
        lines=line + b"\n",
        rejects=b"",
        records=1,
        rejected=0,
        keys=normalized.keys,
        totals=frozenset(() if total is None else (total,)),
        unknown=_reported(unknown) if unknown else frozenset(),
        outside=normalized.outside,
        ownerless=normalized.ownerless,
        invalid=int(bool(invalid)),
        invalid_fields=invalid,
    )


_MAX_NAME_LENGTH: Final = 100


def _reported(unknown: frozenset[str]) -> frozenset[str]:
    return frozenset(shortened(name, _MAX_NAME_LENGTH) for name in nsmallest(MAX_NAMES, unknown))


def _decode_object(raw: bytes) -> dict[str, Any]:
    if beyond := excess(raw):
        raise _UnreadableError(beyond)
    try:
        # msgspec keeps integers beyond 64 bits exact; orjson turns them into floats.
        item = msgspec.json.decode(raw)
    except MALFORMED as error:
        raise _UnreadableError(f"is not valid JSON: {_json_error(error, raw)}") from None
    if not isinstance(item, dict):
        raise _UnreadableError(f"must be an object and is {_kind(item)}")
    return item


def _json_error(error: Exception, raw: bytes) -> str:
    """Return orjson's message where it has one: msgspec calls a lone surrogate "Input data was truncated"."""
    if not isinstance(error, msgspec.ValidationError):
        try:
            orjson.loads(raw)
        except orjson.JSONDecodeError as better:
            return better.msg
    return str(error)


def _require_portable(line: bytes) -> None:
    """Raise _UnreadableError for a line that not every JSON reader can read: `extra` holds values of any type."""
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise _UnreadableError(f"holds a value that not every JSON reader can read: {error.msg}") from None


# With one of these unreadable it is not certain which record the item is. A missing domain_name matches any known one
# (model/record.py); an unreadable one is of an owner.


def _read_item(fields: dict[str, Any], source: Source) -> _Readable:
    """Return the item of `fields`: unknown ones are its `extra`, the values that cannot be read its `invalid`."""
    known: dict[str, Any] = {}
    invalid: dict[str, Any] = {}
    for name, read in _READERS.items():
        value = fields.pop(name, None)
        try:
            known[name] = read(value)
        except (_UnreadableError, InvalidTimeError) as error:
            if name in IDENTITY:
                raise _UnreadableError(f"{name} {error}") from None
            invalid[name] = value
    item = Item(**known)
    item.target, item.center = source.target, source.center  # type: ignore[assignment]  # no JSON decodes to their type
    if fields:
        item.extra = fields  # type: ignore[assignment]  # no JSON decodes to its type
    if invalid:
        item.invalid = invalid  # type: ignore[assignment]  # the same
    return _Readable(item, frozenset(fields), frozenset(invalid))


def _required_text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise _UnreadableError(f"must be text and is {_kind(value)}")
    return value


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise _UnreadableError(f"must be text or null and is {_kind(value)}")


_INTEGER = re.compile(r"-?[0-9]{1,19}")
_EXACT_IN_FLOAT: Final = 2**53  # the float 2^53 also stands for 2^53 + 1


def _integer(value: object) -> int | None:
    """Return 5 for 5, "5" and 5.0. Raises _UnreadableError for true, 5.5, and what 64 bits (a float: 53) can't hold."""
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


def _time(value: object) -> str | None:
    text = _text(value)
    return None if text is None else time_or_none(text)


def _tags(value: object) -> list[str] | None:
    if value is None:
        return None
    if isinstance(value, list) and all(isinstance(tag, str) for tag in value):
        return value
    raise _UnreadableError(f"must be a list of texts or null and is {_kind(value)}")


def _total(value: object) -> int | None:
    """Return a declared total, None if it is unreadable: the total is no field of the record, so it rejects nothing."""
    try:
        total = _integer(value)
    except _UnreadableError:
        return None
    return total if total is None or total >= 0 else None


# How a value of each type of a record's fields is read. For `tags` null is another way to say none.
_READERS_OF_TYPES: Final[dict[Any, Callable[[object], Any]]] = {
    Name: _required_text,
    str | None: _text,
    Int64 | None: _integer,
    bool | None: _boolean,
    Time | None: _time,
    list[str]: _tags,
}
_READERS: Final = {name: _READERS_OF_TYPES[Record.__annotations__[name]] for name in ITEM_FIELDS}


def _kind(value: object) -> str:
    """Return the JSON name of the type of `value`, or the value itself, shortened."""
    names = {dict: "an object", list: "a list", type(None): "null", bool: "a boolean"}
    return names.get(type(value)) or _encode(value)[:40].decode(errors="replace")
