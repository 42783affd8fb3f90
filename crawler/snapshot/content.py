"""Reads what a file of a snapshot holds: its bytes, or what they decompress to."""

from collections.abc import Iterator
from hashlib import sha256
from io import RawIOBase
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from crawler.errors import IncompleteError, UsageError
from crawler.files.compression.codec import Compression
from crawler.files.compression.decoder import DamagedError, Decoder, decoder
from crawler.files.compression.zstd import MissingZstdError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_READ_BYTES = 2**18


class _Decompressed(RawIOBase):
    """What a compressed file holds, to be read once from its begin. It raises IncompleteError for damaged bytes.

    At its end the file is compared with its SHA-256, unless that is "".
    """

    def __init__(self, file: BinaryIO, path: Path, decode: Decoder, digest: str) -> None:
        self._file = file
        self._path = path
        self._digest = digest
        self._hash = sha256()
        self._decoder = decode
        self._pieces = self._read_pieces()
        self._piece = memoryview(b"")

    def _read_pieces(self) -> Iterator[bytes]:
        try:
            while data := self._file.read(_READ_BYTES):
                self._hash.update(data)
                yield from self._decoder.decode(data)
            self._decoder.end()
        except DamagedError as error:
            raise IncompleteError(f"{self._path} {error}") from None
        if self._digest not in {"", self._hash.hexdigest()}:
            raise IncompleteError(f"{self._path} differs from the manifest: its SHA-256 is {self._hash.hexdigest()}")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        if not self._piece:
            self._piece = memoryview(next(self._pieces, b""))
        room = memoryview(buffer).cast("B")
        size = min(len(room), len(self._piece))
        room[:size], self._piece = self._piece[:size], self._piece[size:]
        return size

    def close(self) -> None:
        self._file.close()
        super().close()


def content_of(file: BinaryIO, path: Path, compression: Compression, digest: str = "") -> RawIOBase:
    """Return what an open file at `path`, which has no buffer, holds; closing it closes the file.

    Reading raises IncompleteError where a compressed file is damaged or cut short, and at its end when its SHA-256 is
    not `digest`. Raises UsageError, with the file closed, when a library is missing.
    """
    try:
        decode = decoder(compression)
    except MissingZstdError as error:
        file.close()
        raise UsageError(f"{path}: {error}") from None
    return cast("RawIOBase", file) if decode is None else _Decompressed(file, path, decode, digest)
