"""An item as the API sent it becomes a record with fixed types, or a reject with its reason (pure).

Two ways lead to the same bytes. The fast one decodes, validates and re-encodes a whole page of well-formed
items in C (msgspec); whatever it refuses is read again item by item, where what has one obvious reading
is read so (`"123"`, `3.0`, `"false"`) and everything else is refused, not guessed.

Source: api/list-shared-images.txt, Table 4 (fields); FACTS 1.2, 2 and 6 (what is seen in the wild).
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import accumulate, pairwise
from typing import Annotated, Any, Final, NamedTuple

import msgspec
import orjson

from crawler.api.query import Center

_INT64: Final = 2**63
Int64 = Annotated[int, msgspec.Meta(ge=-_INT64, le=_INT64 - 1)]
Time = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$",
        extra_json_schema={"format": "date-time"},
        description="RFC 3339, UTC, exactly six fractional digits: sorts as text.",
    ),
]
Name = Annotated[str, msgspec.Meta(min_length=1)]


class Record(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, gc=False):
    """One shared image repository, as it stands on one line of a part file.

    Every field is always there, null where the API gave none; only `extra` is left out when empty.
    `size` is in bytes (FACTS 1.2). `logo` and `url` are reserved by the API: its empty strings are null here.
    """

    target: Annotated[str, msgspec.Meta(description="The target this was read from.")]
    center: Annotated[Center, msgspec.Meta(description="self: shared by you; thirdparty: shared with you.")]
    name: Name
    category: str | None
    description: str | None
    size: Int64 | None
    is_public: bool | None
    num_images: Int64 | None
    num_download: Int64 | None
    created_at: Time | None
    updated_at: Time | None
    logo: str | None
    url: str | None
    path: str | None
    internal_path: str | None
    domain_name: str | None
    namespace: Name
    tags: list[str]
    status: bool | None
    extra: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class _Ours:
    """A type that no JSON decodes to: a field of ours in an item of theirs is a field we don't know."""


_UNSET: Final = msgspec.UNSET
_Blocked = _Ours | msgspec.UnsetType


class _Item(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, gc=False):
    """The wire shape of a well-formed item; filled by `_fill` it encodes to the line of a Record."""

    target: _Blocked = _UNSET
    center: _Blocked = _UNSET
    name: Name
    category: str | None = None
    description: str | None = None
    size: Int64 | None = None
    is_public: bool | None = None
    num_images: Int64 | None = None
    num_download: Int64 | None = None
    created_at: str | None = None
    updated_at: str | None = None
    logo: str | None = None
    url: str | None = None
    path: str | None = None
    internal_path: str | None = None
    domain_name: str | None = None
    namespace: Name
    tags: list[str] | None = None
    status: bool | None = None
    extra: _Blocked = _UNSET
    total_range: Annotated[int, msgspec.Meta(ge=0, le=_INT64 - 1)] | msgspec.UnsetType | None = _UNSET


class Origin(NamedTuple):
    """Which page an item came from; `namespace` is the walk's, None for all."""

    target: str
    center: Center
    namespace: str | None
    offset: int


class Reading(NamedTuple):
    """What a page's items came to.

    `lines` and `rejects` are NDJSON, each line ended by a newline. `keys` has one number an item, records
    and rejects alike: equal keys mean the same (domain_name, namespace, name), or the same raw bytes of a
    reject. The numbers are Python's salted hashes: they hold within one process and are never written.
    `totals` are the distinct values of total_range; `unknown` the names of fields kept under `extra`. `outside`
    counts the records of other namespaces than the one that was asked for: a filter of the service may be fuzzy.
    """

    lines: bytes
    rejects: bytes
    records: int
    rejected: int
    keys: list[int]
    totals: frozenset[int]
    unknown: frozenset[str]
    outside: int = 0


class NotAListError(ValueError):
    """The body is no list of items: HTML, an error object, truncated JSON."""


class _UnreadableError(ValueError):
    """Why an item can't be made a record; the message is the reason."""


_decode_page = msgspec.json.Decoder(list[_Item]).decode
_decode_raws = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode_line = msgspec.json.Encoder().encode
_encode_lines = msgspec.json.Encoder().encode_lines
_convert_times = msgspec.convert

_MALFORMED: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def read_items(body: bytes, origin: Origin) -> Reading:
    """Normalize the items of one answer's body.

    An empty body and `null` are an empty list (FACTS, "Unknown": both are expected of this service), and
    `{"repos": [...]}` or `{"body": [...]}` stand for the list in them. Raises NotAListError for anything
    that is not a list of items in the end, also when it breaks off in the middle.
    """
    try:
        return _read_well_formed(body, origin)
    except (*_MALFORMED, _UnreadableError):
        return _read_item_by_item(_split(body), origin)


def _read_well_formed(body: bytes, origin: Origin) -> Reading:
    items = _decode_page(body)
    times: list[str] = []
    totals: set[int] = set()
    keys: list[int] = []
    for item in items:
        key, total = _fill(item, origin, times)
        keys.append(key)
        if total is not None:
            totals.add(total)
    _check_times(times)
    outside = 0 if origin.namespace is None else sum(item.namespace != origin.namespace for item in items)
    return Reading(_encode_lines(items), b"", len(items), 0, keys, frozenset(totals), frozenset(), outside)


def _fill(item: _Item, origin: Origin, times: list[str]) -> tuple[int, int | None]:
    """Make `item` a record in place; give its key and its total_range. Times to check are put in `times`."""
    item.target = origin.target  # type: ignore[assignment]  # see _Ours
    item.center = origin.center  # type: ignore[assignment]
    total = item.total_range
    item.total_range = _UNSET
    if item.tags is None:
        item.tags = []
    if item.logo == "":
        item.logo = None
    if item.url == "":
        item.url = None
    for_check = item.created_at
    if for_check is not None:
        if len(for_check) != _TIME_LENGTH:
            item.created_at = for_check = _time(for_check)
        times.append(for_check)
    for_check = item.updated_at
    if for_check is not None:
        if len(for_check) != _TIME_LENGTH:
            item.updated_at = for_check = _time(for_check)
        times.append(for_check)
    key = hash((item.domain_name, item.namespace, item.name))
    return key, None if total is _UNSET else total


_TIME_LENGTH: Final = len("2021-06-02T09:23:01.751202Z")
# The hour is bounded here: some versions of Python read 24:00:00 as the next day, RFC 3339 does not know it.
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ]((?:[01]\d|2[0-3]):\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)?", re.ASCII)


def _check_times(times: list[str]) -> None:
    """Raise unless every time, each of _TIME_LENGTH characters, is canonical and exists.

    One look at all of a page's times: a regular expression for each would cost more than decoding the page.
    """
    if not times:
        return
    text = "".join(times)
    if text[10::_TIME_LENGTH].strip("T") or text[26::_TIME_LENGTH].strip("Z"):
        reason = "a time is not in the usual form"
        raise _UnreadableError(reason)
    _convert_times(times, list[datetime])


def _time(text: str) -> str:
    """Give `text` as RFC 3339 UTC with exactly six fractional digits; finer ones are cut off, not rounded.

    A time without an offset is UTC (Table 4, "It is the UTC standard time").
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise _UnreadableError(f"is no RFC 3339 time: {text[:40]!r}")
    day, clock, fraction, offset = match.groups()
    micros = (fraction or "")[:6].ljust(6, "0")
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}.{micros}{(offset or 'Z').upper()}").astimezone(UTC)
    except (ValueError, OverflowError):
        raise _UnreadableError(f"is no time that exists: {text[:40]!r}") from None
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z".rjust(_TIME_LENGTH, "0")


def _split(body: bytes) -> list[bytes]:
    """Cut the body's list into the raw bytes of its items, or raise NotAListError.

    msgspec cuts well-formed JSON. One lone surrogate or NaN makes every strict reader refuse the whole
    page; then `_cut` finds the items' ends by brackets and quotes alone, so that only that item suffers.
    """
    if body.strip() in {b"", b"null"}:
        return []
    try:
        return [bytes(raw) for raw in _decode_raws(body)]
    except _MALFORMED:
        pass
    try:
        wrapped = _decode_fields(body)
    except _MALFORMED:
        return _cut(body)
    lists = [wrapped[name] for name in ("repos", "body") if name in wrapped]
    if len(lists) != 1 or not bytes(lists[0]).lstrip().startswith(b"["):
        raise NotAListError("the body is an object, not a list of repositories")
    return _split(bytes(lists[0]))


# Possessive: a repetition that could be taken back costs 100 bytes a character, 2 GB for a string of 16 MB.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[\]{},"]', re.DOTALL)
_STEPS: Final = {b"[": 1, b"{": 1, b"]": -1, b"}": -1}


def _cut(body: bytes) -> list[bytes]:
    text = body.strip()
    if not text.startswith(b"["):
        raise NotAListError("the body is not a list of repositories")
    cuts, depth = [0], 0
    for token in _TOKEN.finditer(text):
        mark = token.group()
        if mark == b'"':
            break  # a string without an end
        depth += _STEPS.get(mark, 0)
        if depth == 0 or (depth == 1 and mark == b","):
            cuts.append(token.start())
        if depth == 0:
            break
    if depth != 0 or cuts[-1] != len(text) - 1 or not text.endswith(b"]"):
        raise NotAListError("the body breaks off in the middle of the list")
    return [text[start + 1 : end].strip() for start, end in pairwise(cuts)]


def _read_item_by_item(raws: Iterable[bytes], origin: Origin) -> Reading:
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
            item = _normalize(fields)
            key, _ = _fill(item, origin, [])
            lines.append(_encode_line(item) + b"\n")
        except (_UnreadableError, *_MALFORMED, ValueError) as error:
            rejects.append(_reject(raw, index, str(error), origin))
            key = _key_of_raw(raw)
        else:
            unknown.update(fields)
            outside += origin.namespace not in {None, item.namespace}
        keys.append(key)
    counts = len(lines), len(rejects)
    return Reading(b"".join(lines), b"".join(rejects), *counts, keys, frozenset(totals), frozenset(unknown), outside)


# Decoders stop at the depth of the stack they happen to be called on: what one has read, another might not.
_DEEPEST: Final = 64


def _fields(raw: bytes) -> dict[str, Any]:
    if _depth(raw) > _DEEPEST:
        raise _UnreadableError(f"is nested deeper than {_DEEPEST} levels")
    try:
        # msgspec and not orjson: integers beyond 64 bits stay exact here, orjson makes them floats.
        item = msgspec.json.decode(raw)
    except _MALFORMED as error:
        raise _UnreadableError(f"is not valid JSON: {error}") from None
    if not isinstance(item, dict):
        raise _UnreadableError(f"is no object but {_kind(item)}")
    return item


def _depth(raw: bytes) -> int:
    """Give the levels of lists and objects in `raw`, or a bound above them that is no more than _DEEPEST."""
    brackets = raw.count(b"[") + raw.count(b"{")
    if brackets <= _DEEPEST:
        return brackets
    return max(accumulate(_STEPS.get(token.group(), 0) for token in _TOKEN.finditer(raw)), default=0)


def _normalize(fields: dict[str, Any]) -> _Item:
    """Make an item of `fields`, taking what it knows out of it: what is left is unknown to this version."""
    known: dict[str, Any] = {}
    for name, reader in _READERS.items():
        try:
            known[name] = reader(fields.pop(name, None))
        except _UnreadableError as error:
            raise _UnreadableError(f"{name} {error}") from None
    item = _Item(**known)
    if fields:
        item.extra = dict(fields)  # type: ignore[assignment]  # see _Ours
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
_EXACT_IN_FLOAT: Final = 2**53


def _integer(value: object) -> int | None:
    """Read 5, "5" and 5.0 as 5; true, 5.5, and what 64 bits (or a float's 53) can't hold are refused."""
    if value is None:
        return None
    if (isinstance(value, str) and _INTEGER.fullmatch(value)) or (
        isinstance(value, float) and value.is_integer() and abs(value) <= _EXACT_IN_FLOAT
    ):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _UnreadableError(f"must be an integer or null and is {_kind(value)}")
    if not -_INT64 <= value < _INT64:
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
    return None if text is None else _time(text)


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
    return names.get(type(value)) or _encode_line(value)[:40].decode(errors="replace")


def _reject(raw: bytes, index: int, reason: str, origin: Origin) -> bytes:
    try:
        text, encoding = raw.decode(), "utf-8"
    except UnicodeDecodeError:
        text, encoding = b64encode(raw).decode(), "base64"
    line = {**origin._asdict(), "index": index, "reason": reason, "raw": text, "encoding": encoding}
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def namespace_of_line(line: bytes) -> str:
    """Give the namespace of a record."""
    return _decode_key(line).namespace


class _Key(msgspec.Struct, gc=False):
    domain_name: str | None
    namespace: str
    name: str


_decode_key = msgspec.json.Decoder(_Key).decode


def key_of_line(line: bytes) -> int:
    """Give the key that `read_items` gave this record, in this process."""
    key = _decode_key(line)
    return hash((key.domain_name, key.namespace, key.name))


def key_of_reject(line: bytes) -> int:
    """Give the key that `read_items` gave this reject, in this process."""
    reject = orjson.loads(line)
    text: str = reject["raw"]
    raw = text.encode() if reject["encoding"] == "utf-8" else b64decode(text)
    return _key_of_raw(raw)


def _key_of_raw(raw: bytes) -> int:
    return hash(blake2b(raw, digest_size=16).digest())
