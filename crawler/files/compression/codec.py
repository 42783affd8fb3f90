"""How the bytes of a file are compressed and read again: nothing, zstd or gzip (pure).

zstd is written as frames of about a megabyte, each of whole lines and with a checksum, so that a reader can begin at
any of them. gzip is one member, since some readers stop at the end of the first.
"""

import zlib
from typing import Final, Literal, NamedTuple, Protocol

from crawler.files.compression.zstd import zstd_library

Compression = Literal["none", "zstd", "gzip"]

FRAME_BYTES: Final = 2**20
GZIP: Final = 16 + zlib.MAX_WBITS


class Encoder(Protocol):
    """Compresses one file, block by block."""

    def encode(self, lines: bytes) -> bytes:
        """Return the bytes to write next for a block of whole lines; b"" while they wait for more."""
        ...

    def end(self) -> bytes:
        """Return the last bytes of the file."""
        ...


class Codec(NamedTuple):
    """How new files are compressed; without a meaning of `level` where they are not."""

    compression: Compression = "none"
    level: int = 0

    def encoder(self) -> Encoder | None:
        """Return the encoder of one file, None where its bytes stay as they are. Raises MissingZstdError."""
        if self.compression == "zstd":
            return _ZstdEncoder(self.level)
        return _GzipEncoder(self.level) if self.compression == "gzip" else None


class _ZstdEncoder:
    def __init__(self, level: int) -> None:
        zstd = zstd_library()
        parameter = zstd.CompressionParameter
        options = {parameter.compression_level: level, parameter.checksum_flag: 1}
        self._compressor = zstd.ZstdCompressor(options=options)
        self._whole_frame = zstd.ZstdCompressor.FLUSH_FRAME
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0

    def encode(self, lines: bytes) -> bytes:
        self._waiting.append(lines)
        self._waiting_bytes += len(lines)
        return self._frames(FRAME_BYTES)

    def end(self) -> bytes:
        return self._frames(1)

    def _frames(self, at_least: int) -> bytes:
        """Return the frames of what waits, as long as it is of so many bytes."""
        if self._waiting_bytes < at_least:
            return b""
        text, begin, frames = b"".join(self._waiting), 0, []
        while len(text) - begin >= at_least:
            end = _end_of_frame(text, begin)
            frames.append(self._compressor.compress(memoryview(text)[begin:end], self._whole_frame))
            begin = end
        self._waiting, self._waiting_bytes = [text[begin:]], len(text) - begin
        return b"".join(frames)


def _end_of_frame(text: bytes, begin: int) -> int:
    """Return where a frame ends: before the line that would exceed FRAME_BYTES, unless it is the first one."""
    if len(text) - begin <= FRAME_BYTES:
        return len(text)
    within = text.rfind(b"\n", begin, begin + FRAME_BYTES) + 1
    return within or text.index(b"\n", begin) + 1


class _GzipEncoder:
    def __init__(self, level: int) -> None:
        self._compressor = zlib.compressobj(level, wbits=GZIP)

    def encode(self, lines: bytes) -> bytes:
        return self._compressor.compress(lines)

    def end(self) -> bytes:
        return self._compressor.flush()
