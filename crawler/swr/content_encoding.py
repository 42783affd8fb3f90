"""The content encoding of a body, removed in small steps and within a bound (pure).

    the header names                      the body is
    ------------------------------------  ------------------------------------------------------------------
    gzip, x-gzip, deflate                 inflated
    nothing, identity, none               read as it is
    a charset: utf-8, us-ascii …          read as it is: the server mixed up two headers, and JSON is UTF-8
    aws-chunked                           read as it is: object storage keeps the header, not its framing
    several of these, one compressed      read the same way
    another coding, two compressed ones   refused by its name

aiohttp could decompress, but its releases before 3.13.3 inflate a decompression bomb completely, and none of them
notices a truncated gzip. Here a body stays compressed until it is complete. So bombs on many connections cost only what
was transferred; and at most one large body of the process is being inflated at any time (http/body.py).

Source: RFC 9110, 8.4.1 (content codings); RFC 1952, 2.2 (a gzip may have several members);
docs/reference/swr-api.md#compressed-bodies (the names that no body is compressed by).
"""

import zlib
from collections.abc import Iterable, Iterator
from typing import Final

ACCEPTED: Final = "gzip, deflate"
_COMPRESSED: Final = frozenset({"gzip", "x-gzip", "deflate"})
_PLAIN: Final = frozenset(
    {"", "identity", "none", "utf-8", "utf8", "us-ascii", "ascii", "binary", "8bit", "7bit", "aws-chunked"}
)
_STEP_BYTES: Final = 2**20
_MAX_MEMBERS: Final = 64  # each member copies what follows it: a body of many empty members would take minutes
_GZIP: Final = 16 + zlib.MAX_WBITS
_METHOD: Final = 0x0F
_DEFLATED: Final = 8  # the method in the first byte of a zlib header (RFC 1950, 2.2)


class BrokenCodingError(ValueError):
    """The body is damaged or truncated."""


class UnknownCodingError(ValueError):
    """The body has a content encoding that was not requested."""


class BodyTooLargeError(ValueError):
    """The body is larger than the bound."""


def decoded(pieces: Iterable[bytes], coding: str, max_bytes: int) -> bytes:
    """Return the body that arrived in `pieces` without its content encoding (the value of Content-Encoding).

    Raises BodyTooLargeError for a decoded body of more than `max_bytes`, BrokenCodingError, UnknownCodingError.
    """
    compression = _compression(coding)
    if compression is None:
        return b"".join(_bounded(pieces, max_bytes))
    try:
        return b"".join(_bounded(_inflated(pieces, compression), max_bytes))
    except zlib.error:
        raise BrokenCodingError(f"cannot decompress the body ({compression})") from None


def _compression(coding: str) -> str | None:
    """Return the one name of `coding` by which a body is compressed, None when there is none."""
    effective = [name for name in map(str.strip, coding.lower().split(",")) if name not in _PLAIN]
    if not effective:
        return None
    if len(effective) > 1 or effective[0] not in _COMPRESSED:
        raise UnknownCodingError(f"the body has a content encoding that was not requested: {coding.strip().lower()}")
    return effective[0]


def _bounded(pieces: Iterable[bytes], max_bytes: int) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > max_bytes:
            raise BodyTooLargeError
        yield piece


def _inflated(pieces: Iterable[bytes], coding: str) -> Iterator[bytes]:
    inflater = None
    members = 0
    for piece in pieces:
        remaining = piece
        while remaining:
            if inflater is None:
                members += 1
                if members > _MAX_MEMBERS:
                    raise BrokenCodingError(f"the body has too many members ({coding})")
                inflater = zlib.decompressobj(_window_bits(coding, remaining))
            yield inflater.decompress(remaining, _STEP_BYTES)
            remaining = inflater.unconsumed_tail
            if inflater.eof:
                remaining, inflater = inflater.unused_data, None
    while inflater is not None and (rest := inflater.decompress(b"", _STEP_BYTES)):
        yield rest  # the inflater has all input, but has not returned all output
    if inflater is not None and not inflater.eof:
        raise BrokenCodingError(f"the response is truncated ({coding})")


def _window_bits(coding: str, begin: bytes) -> int:
    """Return zlib's window bits. Some servers send deflate without the zlib header that RFC 9110 requires."""
    if coding != "deflate":
        return _GZIP
    return zlib.MAX_WBITS if begin[0] & _METHOD == _DEFLATED else -zlib.MAX_WBITS
