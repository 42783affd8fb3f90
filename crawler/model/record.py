"""The record schema: one shared image repository on one line of a part file, and its key (pure).

A record is identified by its owner (`domain_name`), its namespace and its name. One generation of the service sends the
owner and another does not, so a missing owner (null or empty) matches any known one; two known owners stay two records.

A key is a 64-bit number: the XXH3 of the name, seeded by that of the namespace, exclusive or the part of the owner. A
part is a hash in 40 bits (`_OWNER_BITS`), 0 for a missing owner; the other 24 bits of a key do not depend on the owner,
so they tell which keys may be of one repository. An ownerless key and one with an owner are of one when they differ by
the part of an owner that this process has seen (`owner_parts_seen`).

Why not a field of its own for the owner: in a walk whose records all have an owner, or none, all 64 bits tell keys
apart, as many as a hash of the three texts would. Equal keys of different records cost a proof, never a record of a
complete walk: the walk then has fewer keys than it declares. For 10^7 records the chance is 1 in 370 000; that two of
1000 owners of one name have the same part is 1 in 2 million.

A record has the same key in every process, so that walks may be read by one and compared by another.

Source: docs/reference/swr-api.md#response-fields, #size-unit, #reserved-fields, #record-identity (the key).
"""

from collections.abc import Iterable
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from xxhash import xxh3_64_intdigest

from crawler.model.key_set import KeySet
from crawler.model.walk_id import Center

INT64: Final = 2**63
Int64 = Annotated[int, msgspec.Meta(ge=-INT64, le=INT64 - 1)]
Name = Annotated[str, msgspec.Meta(min_length=1)]
Time = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$",
        extra_json_schema={"format": "date-time"},
        description="RFC 3339, UTC, exactly six fractional digits: sorts as text.",
    ),
]


class Record(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, gc=False):
    """One shared image repository, on one line of a part file.

    Every field is present, null when the service sent none; only `extra` and `invalid` are absent when empty. `size` is
    in bytes. The service reserves `logo` and `url` and sends empty strings: they are null here, as are times that mean
    none. `invalid` holds, as they were sent, the values of fields that are null (`tags`: empty) because no value of
    their type could be read; a field of the service that has this name is in `extra`, like any unknown one.
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
    invalid: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET

    @property
    def invalid_fields(self) -> frozenset[str]:
        """The names of the fields whose value could not be read."""
        return frozenset(self.invalid or ())


_OWN_FIELDS: Final = frozenset({"target", "center", "extra", "invalid"})
# What the service sends of a record, in the order of its documents.
ITEM_FIELDS: Final = tuple(field for field in Record.__struct_fields__ if field not in _OWN_FIELDS)
IDENTITY: Final = ("domain_name", "namespace", "name")  # identify a record within its center


# The bits of a key that its owner changes: none of those that number its group (key_set.py).
_OWNER_BITS: Final = 2**48 - 2**8

# A service may name any number of owners, of any length: these bounds keep the cache small. Others are hashed anew.
_MOST_CACHED: Final = 4096
_LONGEST_CACHED: Final = 256

CACHED_PARTS: Final[dict[str, int]] = {}  # of owners, by name
_PARTS: Final = KeySet()  # of all owners seen


def owner_part(owner: str | None) -> int:
    """Return what the owner of a record changes in its key: 0 for a missing one."""
    if not owner:
        return 0
    part = CACHED_PARTS.get(owner)
    if part is None:
        part = xxh3_64_intdigest(owner.encode()) & _OWNER_BITS
        if len(CACHED_PARTS) < _MOST_CACHED and len(owner) <= _LONGEST_CACHED:
            CACHED_PARTS[owner] = part
        _PARTS.add(part)
    return part


def owner_parts_seen() -> tuple[int, ...]:
    """Return the parts of all owners that this process has seen, sorted."""
    return tuple(sorted(_PARTS))


def add_owner_parts(parts: Iterable[int]) -> None:
    """Take the parts of owners that another process has seen."""
    _PARTS.update(parts)


def namespace_seed(namespace: str) -> int:
    """Return what the hashes of the names in a namespace are seeded with."""
    return xxh3_64_intdigest(namespace.encode())


class RecordKey(NamedTuple):
    """The key of a record, and the one it would have without its owner."""

    key: int
    without_owner: int
    has_owner: bool


def record_key(owner: str | None, namespace: str, name: str) -> RecordKey:
    """Return the key of a record."""
    without_owner = xxh3_64_intdigest(name.encode(), namespace_seed(namespace))
    return RecordKey(without_owner ^ owner_part(owner), without_owner, bool(owner))


def names_of(key: int) -> int:
    """Return the bits of a key that do not depend on the owner."""
    return key & ~_OWNER_BITS


def differ_by_owner(one: int, other: int) -> bool:
    """Return whether two keys, one with an owner and one without, are of one repository."""
    return _PARTS.issuperset([one ^ other])


class _Key(msgspec.Struct, gc=False):
    domain_name: str | None
    namespace: str
    name: str


class _Invalid(msgspec.Struct, gc=False):
    invalid: dict[str, msgspec.Raw] = {}


_decode_key = msgspec.json.Decoder(_Key).decode
_decode_invalid = msgspec.json.Decoder(_Invalid).decode
_INVALID: Final = b'"invalid":{'


def namespace_of_line(line: bytes) -> str:
    """Return the namespace of a record line. Raises msgspec.MsgspecError for other bytes."""
    return _decode_key(line).namespace


def invalid_fields_of(line: bytes) -> frozenset[str]:
    """Return the names of the fields of a record line whose value could not be read.

    Raises msgspec.MsgspecError for other bytes.
    """
    return frozenset(_decode_invalid(line).invalid) if _INVALID in line else frozenset()


def key_of_line(line: bytes) -> RecordKey:
    """Return the key of a record line: the same as `read_items` returned for the item."""
    key = _decode_key(line)
    return record_key(key.domain_name, key.namespace, key.name)
