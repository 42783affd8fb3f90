"""Which snapshot is the newest complete one: the link `latest` in an output, and the file `latest.json` beside it.

The file is there for every reader. The link is missing where a file system, a copy or a client has no symbolic links,
and somebody may have made something else of its name. So a link that names a snapshot beside it is followed (a person
may have pointed it to an older one), else the file is read, else whatever folder is called `latest`.
"""

import os
from pathlib import Path
from typing import Final

import msgspec

from crawler.files.presence import is_symlink
from crawler.files.regular import open_regular
from crawler.snapshot.layout import LATEST, LATEST_FILE, LATEST_TARGET
from crawler.text.malformed import MALFORMED

_MAX_BYTES: Final = 4096


class LatestSnapshot(msgspec.Struct, frozen=True):
    """What `latest.json` holds: the id of the newest complete snapshot, and its folder in the output."""

    snapshot: str
    folder: str


def to_bytes(latest: LatestSnapshot) -> bytes:
    """Return the text of `latest.json`."""
    return msgspec.json.encode(latest) + b"\n"


def read_latest_file(output: Path) -> LatestSnapshot | None:
    """Return what `latest.json` holds; None for an empty one, which a power cut leaves, and when there is none.

    Raises ValueError for what no run writes, OSError.
    """
    try:
        with open_regular(output / LATEST_FILE, within=output) as file:
            text = file.read(_MAX_BYTES)
    except FileNotFoundError:
        return None
    if not text:
        return None
    try:
        latest = msgspec.json.decode(text, type=LatestSnapshot)
    except MALFORMED as error:
        raise ValueError(str(error)) from None
    if not LATEST_TARGET.fullmatch(latest.folder):
        raise ValueError("names no snapshot")
    return latest


def is_latest_link(link: Path) -> bool:
    """Return whether a path is a link to a snapshot beside it: one that this program makes. Raises OSError."""
    return is_symlink(link) and LATEST_TARGET.fullmatch(str(link.readlink())) is not None


def find_latest(output: Path) -> Path | None:
    """Return the folder of the newest complete snapshot that `output` names, None when it names none."""
    link = output / LATEST
    try:
        if is_latest_link(link) and os.path.isdir(link):  # noqa: PTH112 - Path.is_dir raises for a folder not searchable
            return link.resolve()
        latest = read_latest_file(output)
    except (OSError, ValueError):
        latest = None
    named = None if latest is None else output / latest.folder
    for folder in (named, link):
        if folder is not None and os.path.isdir(folder):  # noqa: PTH112 - the same
            return folder.resolve()
    return None


def followed(path: Path) -> Path:
    """Return the folder that a path names: also of `output/latest` where the link is missing or no folder."""
    if path.name == LATEST and not os.path.isdir(path):  # noqa: PTH112 - as above
        return find_latest(path.parent) or path
    return path
