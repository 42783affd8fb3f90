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

from crawler.swr.decode.batch import Source
from crawler.text.human import escaped
from crawler.text.redaction import Mask

# A longer item is cut: a line must stay below the 16 MiB that DuckDB reads by default, with six bytes for one.
MAX_RAW_BYTES: Final = 2**20


_MASKED_BYTES: Final = MAX_RAW_BYTES + 256 * 2**10  # a secret that the cut goes through is masked, too


def reject_line(raw: bytes, index: int, reason: str, source: Source, mask: Mask = str) -> bytes:
    """Return the line of a reject: one JSON object and a newline.

    `index` is the item's position in its page, from 0. `raw` is written without what `mask` masks, as text if it is
    UTF-8, else as base64; of an item of more than MAX_RAW_BYTES only the begin, with its size in `bytes` and the digest
    of all of it in `blake2b`. `reason` may quote the service, so control characters in it are escaped.
    """
    is_cut = len(raw) > MAX_RAW_BYTES
    shown = mask(raw[:_MASKED_BYTES].decode(errors="surrogateescape")).encode(errors="surrogateescape")
    text, encoding = _as_text(shown[:MAX_RAW_BYTES] if is_cut else shown, is_cut=is_cut)
    line = {**source._asdict(), "index": index, "reason": escaped(reason), "raw": text, "encoding": encoding}
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
    """Return the key of the reject on this line; it is valid within this process."""
    reject = orjson.loads(line)
    if "blake2b" in reject:
        return hash(bytes.fromhex(reject["blake2b"]))
    text: str = reject["raw"]
    return hash(_digest(text.encode() if reject["encoding"] == "utf-8" else b64decode(text)))


def numbered(keys: Iterable[int]) -> list[int]:
    """Return the keys of the rejects of one page, in which the same key comes once: a later one gets a number.

    The occurrences of one key have the same numbers on every page, so a page with fewer of them has no new key.
    """
    occurrences = Counter[int]()
    result = []
    for key in keys:
        number = occurrences[key]
        occurrences[key] += 1
        result.append(hash((key, number)) if number else key)
    return result
