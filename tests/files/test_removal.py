"""Only what is ours is removed, wherever links lead."""

import os
from pathlib import Path

import pytest

from crawler.files.removal import remove_contents
from tests.store.output.builders import files_in


def make(folder: Path, *names: str) -> None:
    """Make files, and folders for names that end with a slash."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(exist_ok=True) if name.endswith("/") else path.write_bytes(b"x")


def test_what_is_ours_is_removed_and_the_rest_is_returned(tmp_path: Path) -> None:
    make(tmp_path, "a", "b", "inner/a", "inner/b", "empty/", "deep/er/a")
    ours = {"a", "inner/", "inner/a", "empty/", "deep/", "deep/er/", "deep/er/a"}
    assert remove_contents(tmp_path, ours.__contains__) == ["b", "inner/b"]
    assert files_in(tmp_path) == {"b": b"x", "inner": None, "inner/b": b"x"}


def test_a_folder_that_is_not_ours_is_not_opened(tmp_path: Path) -> None:
    make(tmp_path, "theirs/a")
    assert remove_contents(tmp_path, {"theirs/a"}.__contains__) == ["theirs/"]
    assert files_in(tmp_path) == {"theirs": None, "theirs/a": b"x"}


def test_no_link_is_followed_or_removed(tmp_path: Path) -> None:
    make(tmp_path, "outside/a", "folder/")
    (tmp_path / "folder" / "file").symlink_to(tmp_path / "outside" / "a")
    (tmp_path / "folder" / "inner").symlink_to(tmp_path / "outside")
    before = files_in(tmp_path)
    assert remove_contents(tmp_path / "folder", lambda _: True) == ["file", "inner"]
    assert files_in(tmp_path) == before


def test_the_folder_itself_may_be_missing_but_no_link(tmp_path: Path) -> None:
    make(tmp_path, "outside/a")
    (tmp_path / "link").symlink_to("outside")
    assert remove_contents(tmp_path / "missing", lambda _: True) == []
    with pytest.raises(NotADirectoryError):
        remove_contents(tmp_path / "link", lambda _: True)
    assert (tmp_path / "outside" / "a").exists()


def test_a_pipe_is_not_ours_whatever_its_name(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a")
    assert remove_contents(tmp_path, lambda _: True) == ["a"]
