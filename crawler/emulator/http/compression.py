"""Compressed bodies, and runs of spaces that are small until they are decompressed.

Source: RFC 1950 (zlib's format, which HTTP calls deflate), RFC 1951, RFC 1952 (gzip).
"""

import functools
import struct
import zlib
from collections.abc import Mapping

GZIP, DEFLATE = "gzip", "deflate"

_WINDOWS: Mapping[str, int] = {GZIP: 31, DEFLATE: 15}  # zlib's `wbits` for the two formats
_RAW = -15
_GZIP_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
_ZLIB_HEADER = b"\x78\x9c"
_BLOCK = b" " * 2**20


def compress(body: bytes, encoding: str, *, raw: bool = False) -> bytes:
    """Return `body` in gzip or deflate. `raw` is deflate without header and checksum, which some servers send."""
    packer = zlib.compressobj(wbits=_RAW if raw else _WINDOWS[encoding])
    return packer.compress(body) + packer.flush()


def prefix_spaces(count: int, body: bytes, encoding: str) -> bytes:
    """Return a gzip or deflate body that decompresses to `count` spaces and `body`; spaces shrink to a thousandth."""
    spaces, crc, adler = _spaces(count)
    packer = zlib.compressobj(wbits=_RAW)
    stream = spaces + packer.compress(body) + packer.flush()
    if encoding == GZIP:
        sizes = struct.pack("<II", zlib.crc32(body, crc), (count + len(body)) % 2**32)
        return _GZIP_HEADER + stream + sizes
    return _ZLIB_HEADER + stream + struct.pack(">I", zlib.adler32(body, adler))


@functools.lru_cache(maxsize=4)
def _spaces(count: int) -> tuple[bytes, int, int]:
    """Return `count` spaces as an open deflate stream, and their CRC-32 and Adler-32 checksums.

    After a full flush nothing refers back, so that one block is compressed once and repeated.
    """
    packer = zlib.compressobj(wbits=_RAW)
    block = packer.compress(_BLOCK) + packer.flush(zlib.Z_FULL_FLUSH)
    times, left = divmod(count, len(_BLOCK))
    rest = packer.compress(_BLOCK[:left]) + packer.flush(zlib.Z_FULL_FLUSH)
    crc, adler = 0, 1
    for _ in range(times):
        crc, adler = zlib.crc32(_BLOCK, crc), zlib.adler32(_BLOCK, adler)
    return block * times + rest, zlib.crc32(_BLOCK[:left], crc), zlib.adler32(_BLOCK[:left], adler)
