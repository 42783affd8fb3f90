"""An item on its way to a record: its wire shape, filled in place until it encodes to the line (pure).

Source: api/list-shared-images.txt, Table 4 (fields).
"""

from typing import Annotated, Final

import msgspec

from crawler.api import times as moments
from crawler.api.reading import Origin

INT64: Final = 2**63
Int64 = Annotated[int, msgspec.Meta(ge=-INT64, le=INT64 - 1)]
Name = Annotated[str, msgspec.Meta(min_length=1)]


class _Ours:
    """A type that no JSON decodes to: a field of ours in an item of theirs is a field we don't know."""


_UNSET: Final = msgspec.UNSET
_Blocked = _Ours | msgspec.UnsetType


class Item(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, gc=False):
    """The wire shape of a well-formed item; filled by `fill` it encodes to the line of a Record."""

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
    total_range: Annotated[int, msgspec.Meta(ge=0, le=INT64 - 1)] | msgspec.UnsetType | None = _UNSET


_LENGTH: Final = moments.LENGTH
_canonical = moments.canonical


def fill(item: Item, origin: Origin, times: list[str]) -> tuple[int, int | None]:
    """Make `item` a record in place; give its key and its total_range. Times to check are put in `times`.

    Raises NoTimeError.
    """
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
        if len(for_check) != _LENGTH:
            item.created_at = for_check = _canonical(for_check)
        times.append(for_check)
    for_check = item.updated_at
    if for_check is not None:
        if len(for_check) != _LENGTH:
            item.updated_at = for_check = _canonical(for_check)
        times.append(for_check)
    key = hash((item.domain_name, item.namespace, item.name))
    return key, None if total is _UNSET else total
