"""The fast path: a whole page of well-formed items is decoded, normalized in place and encoded in C (pure).

`Item` is the wire shape of an item. `normalize` changes an Item so that it encodes to the line of a Record.

Source: docs/reference/swr-api.md#response-fields.
"""

from collections.abc import Sequence
from typing import Annotated, Final, NamedTuple

import msgspec
from xxhash import xxh3_64_intdigest

from crawler.model.record import INT64, Int64, Name, namespace_seed, owner_part
from crawler.swr.decode.batch import Source
from crawler.swr.decode.times import LENGTH, fit_time, is_no_time


class _NotInJson:
    """A type that no JSON decodes to: an item with a field named like one of the record's own is not well-formed."""


_UNSET: Final = msgspec.UNSET
_RecordOnly = _NotInJson | msgspec.UnsetType


class Item(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, gc=False):
    """The wire shape of a well-formed item. After `normalize` it encodes to the line of a Record."""

    target: _RecordOnly = _UNSET
    center: _RecordOnly = _UNSET
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
    extra: _RecordOnly = _UNSET
    invalid: _RecordOnly = _UNSET
    total_range: Annotated[int, msgspec.Meta(ge=0, le=INT64 - 1)] | msgspec.UnsetType | None = _UNSET


_DECODER: Final = msgspec.json.Decoder(list[Item])


def decode_items(text: bytes) -> list[Item]:
    """Return a list of well-formed items. Raises msgspec.MsgspecError for any other text."""
    return _DECODER.decode(text)


class Normalized(NamedTuple):
    """What `normalize` found; the fields are those of Batch but for two that `check_times` takes.

    `times` holds every time after normalization, `suffixes` what was cut off the end of those that were longer.
    """

    keys: list[int]
    ownerless: tuple[int, ...]
    totals: frozenset[int]
    times: list[str]
    suffixes: list[str]
    outside: int


def normalize(items: Sequence[Item], source: Source) -> Normalized:
    """Turn items into records, in place.

    Raises InvalidTimeError for some invalid times; `check_times` finds the others. Times that mean none stay, in
    canonical form: `drop_no_times` removes them where `check_times` found one.

    It takes much of the time of reading a page: hence few loops, and hardly a call.
    """
    keys, ownerless = _keys(items)
    totals = frozenset([total for total in {item.total_range for item in items} if isinstance(total, int)])
    times: list[str] = []
    suffixes: list[str] = []
    target, center, namespace = source.target, source.center, source.namespace
    for item in items:
        item.target = target  # type: ignore[assignment]  # no JSON has it
        item.center = center  # type: ignore[assignment]
        item.total_range = _UNSET
        if item.tags is None:
            item.tags = []
        if not item.logo:
            item.logo = None
        if not item.url:
            item.url = None
        time = item.created_at
        if time is not None:
            if len(time) != LENGTH:
                item.created_at = time = fit_time(time, suffixes)
            times.append(time)
        time = item.updated_at
        if time is not None:
            if len(time) != LENGTH:
                item.updated_at = time = fit_time(time, suffixes)
            times.append(time)
    outside = 0 if namespace is None else len(items) - [item.namespace for item in items].count(namespace)
    return Normalized(keys, ownerless, totals, times, suffixes, outside)


def drop_no_times(items: Sequence[Item]) -> None:
    """Set the canonical times that mean none to null, in place."""
    for item in items:
        if is_no_time(item.created_at):
            item.created_at = None
        if is_no_time(item.updated_at):
            item.updated_at = None


def _keys(items: Sequence[Item]) -> tuple[list[int], tuple[int, ...]]:
    """Return the keys of items, and those of them that have no owner: as `record_key`, without a call for each."""
    seeds = {namespace: namespace_seed(namespace) for namespace in {item.namespace for item in items}}
    parts = {owner: owner_part(owner) for owner in {item.domain_name for item in items}}
    keys = [xxh3_64_intdigest(item.name.encode(), seeds[item.namespace]) ^ parts[item.domain_name] for item in items]
    if all(parts):
        return keys, ()
    return keys, tuple([key for key, item in zip(keys, items, strict=True) if not item.domain_name])
