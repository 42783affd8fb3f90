"""Removes what the program wrote and nothing else, wherever symbolic links lead."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from crawler.files.closing import close_quietly

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove_contents(folder: Path, is_ours: Callable[[str], bool]) -> list[str]:
    """Remove the files and folders in `folder` that are ours; return the paths that are left, relative to it.

    `is_ours` is asked for each path relative to `folder`; that of a folder ends with a slash. A folder is removed when
    it is ours and nothing is left in it; one that is not ours is not even opened. No symbolic link is followed or
    removed, and `folder` itself must be none. A missing folder is an empty one. Raises OSError.
    """
    try:
        descriptor = os.open(folder, _FOLDER)
    except FileNotFoundError:
        return []
    try:
        return _remove_contents(descriptor, "", is_ours)
    finally:
        close_quietly(descriptor)


def _remove_contents(folder: int, path: str, is_ours: Callable[[str], bool]) -> list[str]:
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    left: list[str] = []
    for entry in found:
        inner = path + entry.name
        if entry.is_dir(follow_symlinks=False):
            left += _remove_folder(folder, entry.name, f"{inner}/", is_ours)
        elif entry.is_file(follow_symlinks=False) and is_ours(inner):
            os.unlink(entry.name, dir_fd=folder)
        else:
            left.append(inner)
    return left


def _remove_folder(above: int, name: str, path: str, is_ours: Callable[[str], bool]) -> list[str]:
    if not is_ours(path):
        return [path]
    descriptor = os.open(name, _FOLDER, dir_fd=above)
    try:
        left = _remove_contents(descriptor, path, is_ours)
    finally:
        close_quietly(descriptor)
    if not left:
        os.rmdir(name, dir_fd=above)
    return left
