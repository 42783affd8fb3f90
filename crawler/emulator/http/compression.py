"""Bodies that are compressed, well or badly, and blanks that cost next to nothing until somebody inflates them.

Source: RFC 1950 (deflate is zlib's format in HTTP), 1951, 1952 (gzip).
"""

import functools
import struct
import zlib
from collections.abc import Mapping

GZIP, DEFLATE = "gzip", "deflate"

_WINDOWS: Mapping[str, int] = {GZIP: 31, DEFLATE: 15}  # what zlib calls the two formats
_RAW = -15
_GZIP_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
_ZLIB_HEADER = b"\x78\x9c"
_BLOCK = b" " * 2**20


def compress(body: bytes, encoding: str, *, raw: bool = False) -> bytes:
    """Give `body` in gzip or deflate; `raw` is deflate without zlib's header and checksum, as some servers send it."""
    packer = zlib.compressobj(wbits=_RAW if raw else _WINDOWS[encoding])
    return packer.compress(body) + packer.flush()


def behind_blanks(count: int, body: bytes, encoding: str) -> bytes:
    """Give in gzip or deflate what inflates to `count` blanks and then `body`: a thousandth of their size."""
    blanks, crc, adler = _blanks(count)
    packer = zlib.compressobj(wbits=_RAW)
    stream = blanks + packer.compress(body) + packer.flush()
    if encoding == GZIP:
        sizes = struct.pack("<II", zlib.crc32(body, crc), (count + len(body)) % 2**32)
        return _GZIP_HEADER + stream + sizes
    return _ZLIB_HEADER + stream + struct.pack(">I", zlib.adler32(body, adler))


@functools.lru_cache(maxsize=4)
def _blanks(count: int) -> tuple[bytes, int, int]:
    """Give `count` blanks as a deflate stream that goes on, and the checksums of both formats so far.

    After a full flush nothing refers back, so that one block, compressed once, can be repeated.
    """
    packer = zlib.compressobj(wbits=_RAW)
    block = packer.compress(_BLOCK) + packer.flush(zlib.Z_FULL_FLUSH)
    times, left = divmod(count, len(_BLOCK))
    rest = packer.compress(_BLOCK[:left]) + packer.flush(zlib.Z_FULL_FLUSH)
    crc, adler = 0, 1
    for _ in range(times):
        crc, adler = zlib.crc32(_BLOCK, crc), zlib.adler32(_BLOCK, adler)
    return block * times + rest, zlib.crc32(_BLOCK[:left], crc), zlib.adler32(_BLOCK[:left], adler)
