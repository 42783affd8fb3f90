"""The entry of a file in a manifest (pure)."""

import msgspec

from crawler.snapshot.manifest_values import Claim, Count


class FileContent(msgspec.Struct, frozen=True, kw_only=True):
    """What a compressed file decompresses to: its size in bytes, and its SHA-256 in hex."""

    bytes: Claim
    sha256: str


class FileEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One file of the snapshot; `path` is relative to its folder, `bytes` its size, `sha256` in hex.

    `content` is null for a file that is not compressed: its content is what it holds.
    """

    path: str
    records: Count
    bytes: Claim
    sha256: str
    content: FileContent | None = None

    @property
    def lines(self) -> FileContent:
        """Size and SHA-256 of the lines: the same ones whether the file is compressed or not."""
        return self.content or FileContent(bytes=self.bytes, sha256=self.sha256)
