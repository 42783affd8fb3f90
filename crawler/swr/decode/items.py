"""An item as the API sent it becomes a record with fixed types, or a reject with its reason (pure).

Two ways lead to the same bytes. The fast one decodes, validates and re-encodes a whole page of well-formed
items in C (msgspec); whatever it refuses is cut into its items (cutting.py) and read again one by one
(odd_items.py, where a table says what is read and what is refused).

Of a field given twice the last one counts, on both ways. To refuse it one would have to find it: looking through
a page of 100 for one name alone costs 0.24 µs a record, 5 % of the fast way and more, and it takes more than that.

Source: api/list-shared-images.txt, Table 4 (fields); FACTS 1.2, 2 and 6 (what is seen in the wild).
"""

from typing import Final

import msgspec

from crawler.swr.decode import times as moments
from crawler.swr.decode.batch import EMPTY_BATCH, Batch, Source
from crawler.swr.decode.fast import decoder_of, fill
from crawler.swr.decode.lenient import read_odd_items
from crawler.swr.decode.split import MOST_ITEMS, items_in, list_in

_encode_lines = msgspec.json.Encoder().encode_lines

_NOT_WELL_FORMED: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, moments.NoTimeError)


def read_items(body: bytes, origin: Source) -> Batch:
    """Normalize the items of one answer's body, a list or what stands for one (cutting.py, `list_in`).

    Raises NotAListError for anything that is not a list of items in the end, also when it breaks off in the middle
    or holds more than MOST_ITEMS.
    """
    reading = _read_well_formed(body, origin)
    if reading is None:
        text = list_in(body)
        unwrapped = not body.startswith(b"[")
        reading = (_read_well_formed(text, origin) if unwrapped else None) or read_odd_items(items_in(text), origin)
    return reading


def _read_well_formed(body: bytes, origin: Source) -> Batch | None:
    try:
        items = decoder_of(origin.target, origin.center).decode(body)
        if not items:
            return EMPTY_BATCH
        if len(items) > MOST_ITEMS:
            return None  # cutting it says so
        filled = fill(items, origin)
        moments.check(filled.times, filled.cut)
    except _NOT_WELL_FORMED:
        return None
    keys, totals, _, _, outside = filled
    return Batch(_encode_lines(items), b"", len(items), 0, keys, totals, frozenset(), outside)
