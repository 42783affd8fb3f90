"""Files exist complete or not at all."""

import errno
import os
from pathlib import Path
from threading import Thread

import pytest

from crawler.files.atomic import make_folders, replacing, write_synced


def write_half(path: Path) -> None:
    with replacing(path) as file:
        file.write(b"half")
        raise OSError("full")


def test_a_file_replaces_the_old_one_when_all_is_written(tmp_path: Path) -> None:
    path = tmp_path / "name"
    path.write_text("of yesterday")
    with replacing(path) as file:
        file.write(b"of today")
        assert path.read_text() == "of yesterday"
    assert path.read_text() == "of today"
    assert list(tmp_path.iterdir()) == [path]


def test_after_a_failed_write_the_old_file_is_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "name"
    path.write_text("of yesterday")
    with pytest.raises(OSError, match="full"):
        write_half(path)
    assert path.read_text() == "of yesterday"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_a_link_in_its_way_names_is_not_changed(tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(b"mine")
    (tmp_path / ".name.tmp").symlink_to("mine")
    with pytest.raises(OSError, match="symbolic link"):
        write_synced(tmp_path / "name", b"theirs")
    assert (tmp_path / "mine").read_bytes() == b"mine"


def test_a_folder_that_was_moved_away_is_not_made_again(tmp_path: Path) -> None:
    make_folders(tmp_path / "a" / "b", inside=tmp_path)
    (tmp_path / "a").rename(tmp_path / "moved")
    with pytest.raises(FileNotFoundError) as caught:
        make_folders(tmp_path / "a" / "b", inside=tmp_path / "a")
    assert caught.value.filename == str(tmp_path / "a")
    assert not (tmp_path / "a").exists()
    make_folders(tmp_path / "moved" / "b" / "c", inside=tmp_path / "moved" / "b")
    assert (tmp_path / "moved" / "b" / "c").is_dir()


def test_a_pipe_without_a_reader_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="no program reads this pipe") as caught, replacing(tmp_path / "pipe"):
        raise AssertionError
    assert caught.value.filename == str(tmp_path / "pipe")
    assert (tmp_path / "pipe").is_fifo()


def test_a_slow_reader_of_a_pipe_gets_all_of_it(tmp_path: Path) -> None:
    path, data, read = tmp_path / "pipe", bytes(2**20), bytearray()  # more than a pipe holds
    os.mkfifo(path)
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(descriptor, True)

    def read_all() -> None:
        while block := os.read(descriptor, 1000):
            read.extend(block)

    with replacing(path) as file:
        reader = Thread(target=read_all)
        reader.start()
        file.write(data)
    reader.join()
    os.close(descriptor)
    assert read == data
    assert path.is_fifo()


def test_what_lies_where_the_temporary_file_would_be_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(b"mine")
    (tmp_path / ".name.tmp").symlink_to("mine")
    with pytest.raises(OSError, match="symbolic link"):
        write_half(tmp_path / "name")
    (tmp_path / ".other.tmp").unlink(missing_ok=True)
    os.mkfifo(tmp_path / ".other.tmp")
    with pytest.raises(OSError, match="No such device"):
        write_half(tmp_path / "other")
    assert (tmp_path / "mine").read_bytes() == b"mine"


@pytest.mark.parametrize("refused", ["folder", "mounted"])
def test_a_file_that_cannot_be_replaced_is_written_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    path = tmp_path / "name"
    path.write_bytes(b"of yesterday, and longer")

    def mounted(self: Path, target: Path) -> Path:
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(self), None, str(target))

    if refused == "folder":
        monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    else:
        monkeypatch.setattr(Path, "replace", mounted)
    with replacing(path) as file:
        file.write(b"of today")
    assert path.read_bytes() == b"of today"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_that_leads_in_a_circle_is_an_error_and_stays(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match="Too many levels"):
        write_half(tmp_path / "loop")
    assert (tmp_path / "loop").is_symlink()
    (tmp_path / "link").symlink_to("target")
    with replacing(tmp_path / "link") as file:
        file.write(b"new")
    assert (tmp_path / "target").read_bytes() == b"new"
    assert (tmp_path / "link").is_symlink()


def test_a_file_that_a_read_only_file_system_refuses_is_named_as_the_user_named_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: object, *_args: object, **_kwargs: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr(os, "unlink", refuse)  # also of what is not there
    with pytest.raises(OSError, match="Read-only file system") as caught, replacing(tmp_path / "report.html"):
        pass
    assert caught.value.filename == str(tmp_path / "report.html")
