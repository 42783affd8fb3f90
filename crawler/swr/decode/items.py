"""The items of a response body as a batch: each item becomes a record with fixed types, or a reject (pure).

Two paths lead to the same bytes:

1. fast (fast.py): a whole page of well-formed items is decoded, validated and encoded in C (msgspec).
2. lenient (split.py, then lenient.py): a page that the fast path refuses is split into its items, and each is read on
   its own. The table in lenient.py says what is read and what is rejected.

If an item has a field twice, both paths use the last one. To reject it, every page would have to be searched for
repeated names, which costs a noticeable share of the fast path.

Source: docs/reference/swr-api.md#response-body, #response-fields, #types-in-practice, #empty-result, #envelope.
"""

from typing import Final

import msgspec

from crawler.swr.decode.batch import EMPTY_BATCH, Batch, Source
from crawler.swr.decode.fast import item_decoder, normalize
from crawler.swr.decode.lenient import read_leniently
from crawler.swr.decode.split import MAX_ITEMS, split_items, unwrap_list
from crawler.swr.decode.times import InvalidTimeError, check_times

_encode_lines = msgspec.json.Encoder().encode_lines

_NOT_WELL_FORMED: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, InvalidTimeError)


def read_items(body: bytes, source: Source) -> Batch:
    """Return the items of a response body, which holds a list or what stands for one (`unwrap_list`).

    Raises NotAListError for any other body, a truncated one, and one with more than MAX_ITEMS items.
    """
    batch = _read_well_formed(body, source)
    if batch is None:
        text = unwrap_list(body)
        wrapped = not body.startswith(b"[")
        batch = (_read_well_formed(text, source) if wrapped else None) or read_leniently(split_items(text), source)
    return batch


def _read_well_formed(body: bytes, source: Source) -> Batch | None:
    """Return the items of a list in which all are well-formed, None for any other body."""
    try:
        items = item_decoder(source.target, source.center).decode(body)
        if not items:
            return EMPTY_BATCH
        if len(items) > MAX_ITEMS:
            return None  # `split_items` raises the error
        normalized = normalize(items, source)
        check_times(normalized.times, normalized.suffixes)
    except _NOT_WELL_FORMED:
        return None
    keys, ownerless, totals, _, _, outside = normalized
    return Batch(_encode_lines(items), b"", len(items), 0, keys, totals, frozenset(), outside, ownerless)
