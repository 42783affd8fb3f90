"""A body without its content coding: inflated in small steps, and never beyond a bound (pure).

Not left to aiohttp: its releases before 3.13.3 inflate a bomb whole, and none tells a cut gzip from a whole one.
Here a body is kept as it came, so that bombs in many connections cost what they weigh on the wire, and is
inflated when it is whole: as nothing awaits here, there is one inflated body at a time in the whole process.

Source: RFC 9110, 8.4.1 (codings), RFC 1952, 2.2 (a gzip may have several members).
"""

import zlib
from collections.abc import Iterable, Iterator
from typing import Final

ACCEPTED: Final = "gzip, deflate"
_STEP_BYTES: Final = 2**20
_MOST_MEMBERS: Final = 64  # each one more copies what follows it: a body of empty members takes minutes
_GZIP: Final = 16 + zlib.MAX_WBITS
_METHOD: Final = 0x0F
_DEFLATED: Final = 8  # RFC 1950, 2.2: what a zlib header begins with


class BrokenCodingError(ValueError):
    """The body is not what its coding says: damaged or cut."""


class UnknownCodingError(ValueError):
    """The body is in a coding that was not asked for."""


class BodyTooLargeError(ValueError):
    """The body is larger than the bound."""


def decoded(pieces: Iterable[bytes], coding: str, most_bytes: int) -> bytes:
    """Give the body that came in `pieces`, at most `most_bytes` long, without its `coding` (Content-Encoding).

    Raises BrokenCodingError, UnknownCodingError or BodyTooLargeError.
    """
    coding = coding.strip().lower()
    if coding in {"", "identity"}:
        return b"".join(_bounded(pieces, most_bytes))
    if coding not in {"gzip", "x-gzip", "deflate"}:
        raise UnknownCodingError(f"the body is in a coding that was not asked for: {coding}")
    try:
        return b"".join(_bounded(_inflated(pieces, coding), most_bytes))
    except zlib.error:
        raise BrokenCodingError(f"the body can't be decompressed ({coding})") from None


def _bounded(pieces: Iterable[bytes], most_bytes: int) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > most_bytes:
            raise BodyTooLargeError
        yield piece


def _inflated(pieces: Iterable[bytes], coding: str) -> Iterator[bytes]:
    inflater = None
    members = 0
    for piece in pieces:
        left = piece
        while left:
            if inflater is None:
                members += 1
                if members > _MOST_MEMBERS:
                    raise BrokenCodingError(f"the body is a {coding} of too many members")
                inflater = zlib.decompressobj(_window(coding, left))
            yield inflater.decompress(left, _STEP_BYTES)
            left = inflater.unconsumed_tail
            if inflater.eof:
                left, inflater = inflater.unused_data, None
    while inflater is not None and (rest := inflater.decompress(b"", _STEP_BYTES)):
        yield rest  # all was put in, but not all has come out
    if inflater is not None and not inflater.eof:
        raise BrokenCodingError(f"the answer broke off ({coding})")


def _window(coding: str, begin: bytes) -> int:
    """Give zlib's window bits. Servers send deflate with the zlib header it should have, or without one."""
    if coding != "deflate":
        return _GZIP
    return zlib.MAX_WBITS if begin[0] & _METHOD == _DEFLATED else -zlib.MAX_WBITS
