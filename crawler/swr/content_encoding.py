"""The content encoding of a body, removed in small steps and within a bound (pure).

aiohttp could decompress, but its releases before 3.13.3 inflate a decompression bomb completely, and none of them
notices a truncated gzip. Here a body stays compressed until it is complete. So bombs on many connections cost only what
was transferred; and because no step awaits, at most one body of the process is being inflated at any time.

Source: RFC 9110, 8.4.1 (content codings); RFC 1952, 2.2 (a gzip may have several members).
"""

import zlib
from collections.abc import Iterable, Iterator
from typing import Final

ACCEPTED: Final = "gzip, deflate"
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
    coding = coding.strip().lower()
    if coding in {"", "identity"}:
        return b"".join(_bounded(pieces, max_bytes))
    if coding not in {"gzip", "x-gzip", "deflate"}:
        raise UnknownCodingError(f"the body has a content encoding that was not requested: {coding}")
    try:
        return b"".join(_bounded(_inflated(pieces, coding), max_bytes))
    except zlib.error:
        raise BrokenCodingError(f"cannot decompress the body ({coding})") from None


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
