"""An item on its way to a record: its wire shape, filled in place until it encodes to the line (pure).

Source: api/list-shared-images.txt, Table 4 (fields).
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, Final, NamedTuple

import msgspec

from crawler.model.record import INT64, Int64, Name
from crawler.model.walk_id import Center
from crawler.swr.decode import times as moments
from crawler.swr.decode.batch import Source


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


@lru_cache(maxsize=64)  # two for each target
def decoder_of(target: str, center: Center) -> msgspec.json.Decoder[list[Item]]:
    """Give the decoder of a list of items that have these two fields of ours already.

    They are the defaults of fields that are in no JSON: to set them on each item is a twelfth of what `fill` takes.
    """
    ours: list[tuple[str, object, object]] = [("target", _Blocked, target), ("center", _Blocked, center)]
    kind = msgspec.defstruct("Item", ours, bases=(Item,), forbid_unknown_fields=True, kw_only=True, gc=False)
    return msgspec.json.Decoder(list[kind])  # type: ignore[valid-type]  # made here


class Filled(NamedTuple):
    """What was learned of items on the way; `times` and what was `cut` off of them are to be checked (times.py)."""

    keys: list[int]
    totals: frozenset[int]
    times: list[str]
    cut: list[str]
    outside: int


_LENGTH: Final = moments.LENGTH
_usual = moments.usual


def fill(items: Sequence[Item], origin: Source) -> Filled:
    """Make items that have their target and center records, in place. Raises NoTimeError.

    Few loops and hardly a call: this is a third of the time that reading a page takes.
    """
    keys = [hash((item.domain_name, item.namespace, item.name)) for item in items]
    declared = frozenset([total for total in {item.total_range for item in items} if isinstance(total, int)])
    times: list[str] = []
    cut: list[str] = []
    for item in items:
        item.total_range = _UNSET
        if item.tags is None:
            item.tags = []
        if not item.logo:
            item.logo = None
        if not item.url:
            item.url = None
        time = item.created_at
        if time is not None:
            if len(time) != _LENGTH:
                item.created_at = time = _usual(time, cut)
            times.append(time)
        time = item.updated_at
        if time is not None:
            if len(time) != _LENGTH:
                item.updated_at = time = _usual(time, cut)
            times.append(time)
    namespace = origin.namespace
    outside = 0 if namespace is None else len(items) - [item.namespace for item in items].count(namespace)
    return Filled(keys, declared, times, cut, outside)
