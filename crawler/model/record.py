"""The record schema: one shared image repository on one line of a part file, and its key (pure).

Source: docs/reference/swr-api.md#response-fields, #size-unit, #reserved-fields, #record-identity (the key).
"""

from typing import Annotated, Any, Final

import msgspec

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

    Every field is present, null when the service sent none; only `extra` is absent when empty. `size` is in bytes. The
    service reserves `logo` and `url` and sends empty strings: they are null here.
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


class _Key(msgspec.Struct, gc=False):
    domain_name: str | None
    namespace: str
    name: str


_decode_key = msgspec.json.Decoder(_Key).decode


def namespace_of_line(line: bytes) -> str:
    """Return the namespace of a record line. Raises msgspec.MsgspecError for other bytes."""
    return _decode_key(line).namespace


def key_of_line(line: bytes) -> int:
    """Return the key of a record line: in this process the same as `read_items` returned for the item."""
    key = _decode_key(line)
    return hash((key.domain_name, key.namespace, key.name))
