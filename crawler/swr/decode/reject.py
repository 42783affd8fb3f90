"""A reject: an item that cannot be made a record, as one line with the reason and the raw bytes (pure)."""

from base64 import b64decode, b64encode
from hashlib import blake2b

import orjson

from crawler.swr.decode.batch import Source
from crawler.text.human import escaped


def reject_line(raw: bytes, index: int, reason: str, source: Source) -> bytes:
    """Return the line of a reject: one JSON object and a newline.

    `index` is the item's position in its page, from 0. `raw` is written as text if it is UTF-8, else as base64.
    `reason` may quote the service, so control characters in it are escaped.
    """
    try:
        text, encoding = raw.decode(), "utf-8"
    except UnicodeDecodeError:
        text, encoding = b64encode(raw).decode(), "base64"
    line = {**source._asdict(), "index": index, "reason": escaped(reason), "raw": text, "encoding": encoding}
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def key_of_raw(raw: bytes) -> int:
    """Return the key of a reject with these raw bytes; it is valid within this process."""
    return hash(blake2b(raw, digest_size=16).digest())


def key_of_reject(line: bytes) -> int:
    """Return the key that `read_items` returned for the reject on this line; it is valid within this process."""
    reject = orjson.loads(line)
    text: str = reject["raw"]
    return key_of_raw(text.encode() if reject["encoding"] == "utf-8" else b64decode(text))
