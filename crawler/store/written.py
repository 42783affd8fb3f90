"""What a run wrote into the folder of its snapshot, to be compared with what lies there before it is said to be true.

Another program, or a run on another host, may have written there too.
"""

from pathlib import Path
from typing import NamedTuple

from crawler.files.closing import read_begin
from crawler.files.tree import files_below
from crawler.snapshot.layout import MANIFEST, SUCCESS
from crawler.snapshot.manifest import Manifest


class Written(NamedTuple):
    """The files of a snapshot by their path, with their sizes in bytes, and the bytes of its manifest.

    The manifest holds the moments of the run and the digests of all parts, so that no other run writes the same one.
    """

    sizes: dict[str, int]
    manifest: bytes

    @classmethod
    def of(cls, manifest: Manifest, text: bytes) -> "Written":
        """Return what a manifest says was written, with its own `text`, and `_SUCCESS` if it is complete."""
        sizes = {file.path: file.bytes for file in (*manifest.files, manifest.rejects)}
        success = {SUCCESS: 0} if manifest.status == "complete" else {}
        return cls({**sizes, MANIFEST: len(text), **success}, text)

    def without_success(self) -> "Written":
        """Return the same before `_SUCCESS` is written."""
        return self._replace(sizes={path: size for path, size in self.sizes.items() if path != SUCCESS})

    def has_manifest_in(self, folder: Path) -> bool:
        """Return whether the manifest in the folder is this one. Raises OSError."""
        try:
            return read_begin(folder / MANIFEST, len(self.manifest) + 1) == self.manifest
        except FileNotFoundError:
            return False

    def difference(self, folder: Path) -> str:
        """Return the first file that is missing, unexpected or changed, and how, or "". Raises OSError."""
        found = {str(path.relative_to(folder)): path.lstat().st_size for path in files_below(folder)}
        for path in sorted(self.sizes.keys() | found.keys()):
            size, expected = found.get(path), self.sizes.get(path)
            if size is None or expected is None:
                return f"{path} {'is missing' if size is None else 'was not written by this run'}"
            if size != expected:
                return f"{path} has {size} bytes, and this run wrote {expected}"
        return "" if self.has_manifest_in(folder) else f"{MANIFEST} is not the one that this run wrote"
