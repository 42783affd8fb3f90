"""A reject: an item that cannot be made a record, as one line with the reason and the raw bytes (pure).

The key of a reject is of its bytes: two items may have the same one. On one page they are two items for certain, since
a page is one state of the list. So each occurrence on a page is told apart by its number (`numbered`).
"""

from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

import orjson
from xxhash import xxh3_64_intdigest

from crawler.swr.decode.batch import Source
from crawler.text.human import escaped
from crawler.text.redaction import Mask

# A longer item is cut: a line must stay below the 16 MiB that DuckDB reads by default, with six bytes for one.
MAX_RAW_BYTES: Final = 2**20
_MASKED_BYTES: Final = MAX_RAW_BYTES + 256 * 2**10  # a secret that the cut goes through is masked, too

# Of all rejects of a page. To look one byte through for secrets takes up to a microsecond; a page that is refused as a
# whole has 1000 items of a kilobyte or two, and what is far larger than that is known by its first items.
MAX_SHOWN_BYTES: Final = 4 * 2**20


class Shown:
    """What may be shown of the rejects of one page: nothing that `mask` masks, and not more than can be looked through.

    The bound holds with and without secrets, so that a page has the same rejects whatever the credentials are.
    """

    def __init__(self, mask: Mask = str) -> None:
        self.text = mask
        self._left = MAX_SHOWN_BYTES

    def raw(self, raw: bytes) -> bytes | None:
        """Return the raw bytes of the next reject without secrets, cut a little later than they are shown.

        None from the reject on that goes beyond MAX_SHOWN_BYTES.
        """
        looked_through = raw[:_MASKED_BYTES]
        self._left -= len(looked_through)
        if self._left < 0:
            return None
        return self.text(looked_through.decode(errors="surrogateescape")).encode(errors="surrogateescape")


def reject_line(raw: bytes, index: int, reason: str, source: Source, shown: Shown) -> bytes:
    """Return the line of a reject: one JSON object and a newline.

    `index` is the item's position in its page, from 0. `raw` is written as `shown` allows, as text if it is UTF-8, else
    as base64. Of an item of more than MAX_RAW_BYTES it is only the begin, of one that may not be shown nothing; then
    the size of the item is in `bytes` and the digest of all of it in `blake2b`. `reason` may quote the service, so
    secrets are masked and control characters escaped.
    """
    masked = shown.raw(raw)
    is_cut = masked is None or len(raw) > MAX_RAW_BYTES
    text, encoding = _as_text((masked or b"")[:MAX_RAW_BYTES], is_cut=is_cut)
    told = escaped(shown.text(reason))
    line = {**source._asdict(), "index": index, "reason": told, "raw": text, "encoding": encoding}
    if is_cut:
        line |= {"bytes": len(raw), "blake2b": _digest(raw).hex()}
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


_LONGEST_CHARACTER: Final = 4  # bytes in UTF-8


def _as_text(raw: bytes, *, is_cut: bool) -> tuple[str, str]:
    try:
        return raw.decode(), "utf-8"
    except UnicodeDecodeError as error:
        if is_cut and len(raw) - error.start < _LONGEST_CHARACTER:
            return raw[: error.start].decode(), "utf-8"  # only its last character is cut
        return b64encode(raw).decode(), "base64"


def _digest(raw: bytes) -> bytes:
    return blake2b(raw, digest_size=16).digest()


def key_of_reject(line: bytes) -> int:
    """Return the key of the reject on this line: that of its bytes."""
    reject = orjson.loads(line)
    if "blake2b" in reject:
        return xxh3_64_intdigest(bytes.fromhex(reject["blake2b"]))
    text: str = reject["raw"]
    return xxh3_64_intdigest(_digest(text.encode() if reject["encoding"] == "utf-8" else b64decode(text)))


def numbered(keys: Iterable[int]) -> list[int]:
    """Return the keys of the rejects of one page, in which the same key comes once: a later one gets a number.

    The occurrences of one key have the same numbers on every page, so a page with fewer of them has no new key.
    """
    occurrences = Counter[int]()
    result = []
    for key in keys:
        number = occurrences[key]
        occurrences[key] += 1
        result.append(xxh3_64_intdigest(key.to_bytes(8), number) if number else key)
    return result
