"""The items of a response body as a batch: each item becomes a record with fixed types, or a reject (pure).

Two paths lead to the same bytes:

1. fast (fast.py): a whole page of well-formed items is decoded, validated and encoded in C (msgspec).
2. lenient (split.py, then lenient.py): a page that the fast path refuses is split into its items. Each small group of
   them takes the fast path again, and only the items of a group that it refuses are read one by one: so one odd item
   costs a part of its page. The table in lenient.py says what is read and what is rejected.

If an item has a field twice, both paths use the last one. To reject it, every page would have to be searched for
repeated names, which costs a noticeable share of the fast path.

Source: docs/reference/swr-api.md#response-body, #response-fields, #types-in-practice, #empty-result, #envelope.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from crawler.swr.decode.batch import EMPTY_BATCH, Batch, Source, join
from crawler.swr.decode.bounds import SMALL_BYTES, excess
from crawler.swr.decode.fast import decode_items, drop_no_times, normalize
from crawler.swr.decode.lenient import read_leniently
from crawler.swr.decode.reject import Shown
from crawler.swr.decode.split import split_items, unwrap_list
from crawler.swr.decode.times import InvalidTimeError, check_times
from crawler.text.redaction import Mask

_encode_lines = msgspec.json.Encoder().encode_lines

_NOT_WELL_FORMED: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, InvalidTimeError)


# One odd item costs the lenient path for its group, and each group costs some calls (docs/performance.md).
_GROUP_ITEMS: Final = 16


def read_items(body: bytes, source: Source, mask: Mask = str) -> Batch:
    """Return the items of a response body, which holds a list or what stands for one (`unwrap_list`).

    `mask` returns a text without secrets, for what is told of rejects (`Response.mask`). Records are data, and stay as
    the service sent them: a password can be a word that a name holds.

    A larger body than SMALL_BYTES is read in groups in any case: no step makes more objects than fit into one, or than
    one item within its bounds has. So another thread may read it while this one goes on. Raises NotAListError for a
    body that is no list, a truncated one, and one with more than MAX_ITEMS items.
    """
    batch = _read_small(body, source)
    if batch is None:
        text = unwrap_list(body)
        wrapped = not body.startswith(b"[")
        batch = (_read_small(text, source) if wrapped else None) or _read_in_groups(
            split_items(text), source, Shown(mask)
        )
    return batch


def _read_small(body: bytes, source: Source) -> Batch | None:
    return _read_well_formed(body, source) if len(body) <= SMALL_BYTES else None


def _read_in_groups(raws: Sequence[bytes], source: Source, shown: Shown) -> Batch:
    groups = [_read_group(raws[start:end], source, start, shown) for start, end in _groups(raws)]
    return join(groups or [EMPTY_BATCH])


def _groups(raws: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    """Yield begin and end of each group: at most _GROUP_ITEMS items, and SMALL_BYTES unless it is one item."""
    start = size = 0
    for at, raw in enumerate(raws):
        size += len(raw)
        if at > start and (at - start == _GROUP_ITEMS or size > SMALL_BYTES):
            yield start, at
            start, size = at, len(raw)
    if raws:
        yield start, len(raws)


def _read_group(raws: Sequence[bytes], source: Source, first: int, shown: Shown) -> Batch:
    batch = None
    if len(raws) > 1 or not excess(raws[0]):  # what is beyond a bound is larger than a group
        batch = _read_well_formed(b"[%b]" % b",".join(raws), source)
    if batch is None or batch.records != len(raws):  # nothing between two commas is an item, too
        return read_leniently(raws, source, shown, first)
    return batch


def _read_well_formed(text: bytes, source: Source) -> Batch | None:
    """Return the items of a list in which all are well-formed, None for any other text."""
    try:
        items = decode_items(text)
        if not items:
            return EMPTY_BATCH
        normalized = normalize(items, source)
        if check_times(normalized.times, normalized.suffixes):
            drop_no_times(items)
    except _NOT_WELL_FORMED:
        return None
    keys, ownerless, totals, _, _, outside = normalized
    return Batch(_encode_lines(items), b"", len(items), 0, keys, totals, frozenset(), outside, ownerless)
