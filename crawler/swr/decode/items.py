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

from collections.abc import Sequence
from typing import Final

import msgspec

from crawler.swr.decode.batch import EMPTY_BATCH, Batch, Source, join
from crawler.swr.decode.fast import drop_no_times, item_decoder, normalize
from crawler.swr.decode.lenient import read_leniently
from crawler.swr.decode.split import MAX_ITEMS, split_items, unwrap_list
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

    Raises NotAListError for any other body, a truncated one, and one with more than MAX_ITEMS items.
    """
    batch = _read_well_formed(body, source)
    if batch is None:
        text = unwrap_list(body)
        wrapped = not body.startswith(b"[")
        batch = _read_well_formed(text, source) if wrapped else None
        batch = batch or _read_in_groups(split_items(text), source, _needed(mask, text))
    return batch


def _read_in_groups(raws: Sequence[bytes], source: Source, mask: Mask) -> Batch:
    return join(
        [_read_group(raws[at : at + _GROUP_ITEMS], source, at, mask) for at in range(0, len(raws), _GROUP_ITEMS)]
    )


def _read_group(raws: Sequence[bytes], source: Source, first: int, mask: Mask) -> Batch:
    batch = _read_well_formed(b"[%b]" % b",".join(raws), source)
    if batch is None or batch.records != len(raws):  # nothing between two commas is an item, too
        return read_leniently(raws, source, first, mask)
    return batch


def _needed(mask: Mask, body: bytes) -> Mask:
    """Return what masks the rejects of a body: nothing, when it holds no secret; a page may have a million rejects."""
    text = body.decode(errors="surrogateescape")
    return str if mask(text) == text else mask


def _read_well_formed(body: bytes, source: Source) -> Batch | None:
    """Return the items of a list in which all are well-formed, None for any other body."""
    try:
        items = item_decoder(source.target, source.center).decode(body)
        if not items:
            return EMPTY_BATCH
        if len(items) > MAX_ITEMS:
            return None  # `split_items` raises the error
        normalized = normalize(items, source)
        if check_times(normalized.times, normalized.suffixes):
            drop_no_times(items)
    except _NOT_WELL_FORMED:
        return None
    keys, ownerless, totals, _, _, outside = normalized
    return Batch(_encode_lines(items), b"", len(items), 0, keys, totals, frozenset(), outside, ownerless)
