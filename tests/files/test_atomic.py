"""Files exist complete or not at all."""

from pathlib import Path

import pytest

from crawler.files.atomic import replacing


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
