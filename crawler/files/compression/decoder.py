"""Decompresses files, frame by frame, and never more at a time than there is room for (pure)."""

import zlib
from collections.abc import Callable, Iterator
from typing import Final, Protocol

from crawler.files.compression.codec import GZIP, Compression
from crawler.files.compression.zstd import zstd_library

PIECE_BYTES: Final = 2**20  # of what is decompressed at a time, whatever a file says of its size
_LARGEST_WINDOW: Final = 23  # as a power of 2 in bytes: what level 19 needs, and all that a damaged frame gets


class DamagedError(ValueError):
    """Compressed bytes that cannot be read; `str()` is a predicate of the file."""


class Decoder(Protocol):
    """Decompresses one file, block by block."""

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Yield what the next bytes hold, in pieces of at most PIECE_BYTES. Iterating raises DamagedError."""
        ...

    def end(self) -> None:
        """Raise DamagedError when the bytes so far are not a whole file."""
        ...


def decoder(compression: Compression) -> Decoder | None:
    """Return the decoder of one file, None for one that is not compressed. Raises MissingZstdError."""
    if compression == "zstd":
        return _FrameDecoder(_ZstdFrame, zstd_library().ZstdError)
    return _FrameDecoder(_GzipMember, zlib.error) if compression == "gzip" else None


class _Frame(Protocol):
    """One frame of zstd or member of gzip that is being read."""

    def decompress(self, data: bytes) -> bytes:
        """Return what the next bytes hold, at most PIECE_BYTES of it."""
        ...

    @property
    def has_more(self) -> bool:
        """Whether it can be asked once more without further bytes."""
        ...

    @property
    def rest(self) -> bytes | None:
        """The bytes behind its end, None before that."""
        ...


class _ZstdFrame:
    def __init__(self) -> None:
        zstd = zstd_library()
        self._frame = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _LARGEST_WINDOW})

    def decompress(self, data: bytes) -> bytes:
        piece: bytes = self._frame.decompress(data, PIECE_BYTES)
        return piece

    @property
    def has_more(self) -> bool:
        return not (self._frame.eof or self._frame.needs_input)

    @property
    def rest(self) -> bytes | None:
        return self._frame.unused_data if self._frame.eof else None


class _GzipMember:
    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=GZIP)
        self._waits = False  # it may hold what the last piece had no room for

    def decompress(self, data: bytes) -> bytes:
        piece = self._member.decompress(self._member.unconsumed_tail + data, PIECE_BYTES)
        self._waits = len(piece) == PIECE_BYTES
        return piece

    @property
    def has_more(self) -> bool:
        return not self._member.eof and (self._waits or bool(self._member.unconsumed_tail))

    @property
    def rest(self) -> bytes | None:
        return self._member.unused_data if self._member.eof else None


class _FrameDecoder:
    """Reads frame after frame; `errors` are what its library raises for damaged ones."""

    def __init__(self, new_frame: Callable[[], _Frame], errors: type[Exception]) -> None:
        self._new_frame = new_frame
        self._errors = errors
        self._frame: _Frame | None = None
        self._frames = 0

    def decode(self, data: bytes) -> Iterator[bytes]:
        while data or (self._frame is not None and self._frame.has_more):
            if self._frame is None:
                self._frame = self._new_frame()
            try:
                piece = self._frame.decompress(data)
            except self._errors as error:
                raise DamagedError(f"is damaged: {error}") from None
            data, rest = b"", self._frame.rest
            if piece:
                yield piece
            if rest is not None:
                self._frame, data = None, rest
                self._frames += 1

    def end(self) -> None:
        if self._frame is not None or not self._frames:
            raise DamagedError("is cut short: its compressed bytes have no end")
