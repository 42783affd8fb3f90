"""An item that can't be made a record, on one line with its reason and its raw bytes (pure)."""

from base64 import b64decode, b64encode
from hashlib import blake2b

import orjson

from crawler.swr.decode.batch import Source
from crawler.text.human import escaped


def reject_line(raw: bytes, index: int, reason: str, origin: Source) -> bytes:
    """Write a reject: `index` is its place in the page; the raw bytes are text where they are UTF-8, else base64.

    `reason` may quote the service: it is for people, so that what a terminal would obey is escaped in it.
    """
    try:
        text, encoding = raw.decode(), "utf-8"
    except UnicodeDecodeError:
        text, encoding = b64encode(raw).decode(), "base64"
    line = {**origin._asdict(), "index": index, "reason": escaped(reason), "raw": text, "encoding": encoding}
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def key_of_raw(raw: bytes) -> int:
    """Give the key of a reject, in this process: the same for the same bytes."""
    return hash(blake2b(raw, digest_size=16).digest())


def key_of_reject(line: bytes) -> int:
    """Give the key that `read_items` gave this reject, in this process."""
    reject = orjson.loads(line)
    text: str = reject["raw"]
    return key_of_raw(text.encode() if reject["encoding"] == "utf-8" else b64decode(text))
