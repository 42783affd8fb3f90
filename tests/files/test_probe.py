"""What a file system cannot do is found by trying: what a run can do without is returned, all else refused."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crawler.errors import DiskError
from crawler.files.probe import FILE_SYNC, FOLDER_SYNC, LINKS, Unsupported, probe

UNSUPPORTED = [errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP]


@pytest.fixture
def synced(tmp_path: Path) -> Path:
    file = tmp_path / "marker"
    file.touch()
    return file


def failing(number: int) -> Callable[..., Any]:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


def test_a_local_file_system_can_do_everything_and_nothing_is_left(tmp_path: Path, synced: Path) -> None:
    assert probe(tmp_path / "probe", synced) == []
    assert list(tmp_path.iterdir()) == [synced]


@pytest.mark.parametrize("number", [*UNSUPPORTED, errno.EPERM, errno.EACCES, errno.EPROTO, errno.EROFS])
def test_no_symbolic_links_are_a_finding(
    tmp_path: Path, synced: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(os, "symlink", failing(number))
    assert probe(tmp_path / "probe", synced) == [Unsupported(LINKS, os.strerror(number))]
    assert list(tmp_path.iterdir()) == [synced]


@pytest.mark.parametrize("number", UNSUPPORTED)
def test_no_fsync_is_a_finding_for_folders_and_for_files(
    tmp_path: Path, synced: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(os, "fsync", failing(number))
    reason = os.strerror(number)
    assert probe(tmp_path / "probe", synced) == [Unsupported(FOLDER_SYNC, reason), Unsupported(FILE_SYNC, reason)]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("ftruncate", "append to a file, read it back and cut it"),
        ("pread", "append to a file, read it back and cut it"),
        ("rename", "rename a file over another"),
    ],
)
def test_without_what_a_run_needs_it_is_refused_with_the_operation(
    tmp_path: Path, synced: Path, monkeypatch: pytest.MonkeyPatch, call: str, words: str
) -> None:
    monkeypatch.setattr(os, call, failing(errno.ENOSYS))
    advice = "nothing can be published there; name an output on another file system, then rerun the command"
    with pytest.raises(DiskError) as refused:
        probe(tmp_path / "probe", synced)
    assert str(refused.value) == f"{tmp_path}: its file system cannot {words} (Function not implemented): {advice}"
    assert list(tmp_path.iterdir()) == [synced]


def test_folders_that_cannot_be_renamed_are_refused(
    tmp_path: Path, synced: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = os.rename

    def files_only(source: Path, target: Path) -> None:
        if os.path.isdir(source):  # noqa: PTH112 - as the call
            raise OSError(errno.EPERM, os.strerror(errno.EPERM))
        rename(source, target)

    monkeypatch.setattr(os, "rename", files_only)
    with pytest.raises(DiskError, match="cannot rename a folder that holds a file"):
        probe(tmp_path / "probe", synced)


def test_a_file_system_that_returns_other_bytes_is_refused(
    tmp_path: Path, synced: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "pread", lambda *_: b"stale")
    with pytest.raises(DiskError, match="other bytes came back"):
        probe(tmp_path / "probe", synced)


@pytest.mark.parametrize("do_nothing", ["a file", "a folder"])
def test_a_rename_that_does_nothing_is_refused(
    tmp_path: Path, synced: Path, monkeypatch: pytest.MonkeyPatch, do_nothing: str
) -> None:
    rename = os.rename

    def ignored(source: Path, target: Path) -> None:
        if os.path.isdir(source) != (do_nothing == "a folder"):  # noqa: PTH112 - as the call
            rename(source, target)

    monkeypatch.setattr(os, "rename", ignored)
    with pytest.raises((DiskError, OSError), match=r"the other one is still there|No such file"):
        probe(tmp_path / "probe", synced)


@pytest.mark.parametrize("call", ["symlink", "fsync", "ftruncate", "rename", "mkdir"])
def test_a_disk_that_fails_is_an_error_of_the_disk(
    tmp_path: Path, synced: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    monkeypatch.setattr(os, call, failing(errno.EIO))
    with pytest.raises(OSError, match="Input/output error"):
        probe(tmp_path / "probe", synced)


def test_what_a_killed_probe_left_is_removed_and_a_file_of_somebody_else_is_not(tmp_path: Path, synced: Path) -> None:
    folder = tmp_path / "probe"
    (folder / "moved").mkdir(parents=True)
    (folder / "moved" / "file").touch()
    (folder / "link").symlink_to("moved")
    assert probe(folder, synced) == []
    folder.mkdir()
    (folder / "notes").write_bytes(b"mine")
    with pytest.raises(OSError, match="not empty"):
        probe(folder, synced)
    assert (folder / "notes").read_bytes() == b"mine"
