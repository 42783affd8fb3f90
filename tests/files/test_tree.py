"""A folder that fails is no empty folder, on every Python."""

import errno
import os
from pathlib import Path
from typing import Never

import pytest

from crawler.files.tree import matching


def test_the_names_in_a_folder_that_match_are_listed(tmp_path: Path) -> None:
    for name in ("a=1", "a=2", ".a=3", "b=1"):
        (tmp_path / name).mkdir()
    assert sorted(matching(tmp_path, "a=*")) == [tmp_path / "a=1", tmp_path / "a=2"]
    assert matching(tmp_path, ".a*") == [tmp_path / ".a=3"]


@pytest.mark.parametrize("name", ["missing", "file", "file/inside", "circle"])
def test_nothing_is_listed_where_no_folder_is(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "circle").symlink_to("circle")
    assert matching(tmp_path / name, "*") == []


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.EMFILE])
def test_a_folder_that_fails_is_not_empty(tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "scandir", failing(number))
    with pytest.raises(OSError, match=os.strerror(number)):
        matching(tmp_path, "*")


def test_a_folder_that_this_user_may_not_read_shows_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "scandir", failing(errno.EACCES))
    assert matching(tmp_path, "*") == []


def failing(number: int) -> object:
    def fail(_: object) -> Never:
        raise OSError(number, os.strerror(number))

    return fail
