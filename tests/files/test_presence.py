"""A path that is missing is told from one about which the system does not say, on every Python."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from crawler.files import presence

ASKED: Final = (presence.exists, presence.is_dir, presence.is_file, presence.is_fifo, presence.is_symlink)
asked = pytest.mark.parametrize("ask", ASKED)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("folder")
    (tmp_path / "dangling").symlink_to("nothing")
    (tmp_path / "circle").symlink_to("circle")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("folder", {"exists", "is_dir"}),
        ("file", {"exists", "is_file"}),
        ("pipe", {"exists", "is_fifo"}),
        ("link", {"exists", "is_dir", "is_symlink"}),
        ("dangling", {"is_symlink"}),
        ("circle", {"is_symlink"}),
        ("nothing", set()),
        ("file/inside", set()),
        ("circle/inside", set()),
        ("nu\0l", set()),
    ],
)
def test_each_kind_of_path_is_what_it_is(folder: Path, name: str, said: set[str]) -> None:
    assert {ask.__name__ for ask in ASKED if ask(folder / name)} == said


@asked
def test_a_name_that_the_system_refuses_is_an_error(folder: Path, ask: Callable[[Path], bool]) -> None:
    with pytest.raises(OSError, match="File name too long"):
        ask(folder / ("x" * 300))


@asked
@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES, errno.ESTALE])
def test_a_disk_that_fails_is_no_missing_file(
    folder: Path, ask: Callable[[Path], bool], number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> os.stat_result:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "stat", fail)
    with pytest.raises(OSError, match=os.strerror(number)):
        ask(folder / "file")
