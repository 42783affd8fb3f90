"""Files exist complete or not at all."""

from pathlib import Path

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
