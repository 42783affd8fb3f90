"""Which snapshot `latest` is: what a link of ours names, else what `latest.json` names, else a folder of that name."""

from pathlib import Path

import pytest

from crawler.snapshot.history.latest import LatestSnapshot, find_latest, followed, read_latest_file, to_bytes
from crawler.snapshot.layout import LATEST, LATEST_FILE


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Return an output with the snapshots a and b, of which `latest.json` names b."""
    for name in "ab":
        (tmp_path / f"snapshot={name}").mkdir()
    (tmp_path / LATEST_FILE).write_bytes(to_bytes(LatestSnapshot("b", "snapshot=b")))
    return tmp_path


def found(output: Path) -> str | None:
    folder = find_latest(output)
    return None if folder is None else folder.name


def test_without_a_link_the_file_names_it(output: Path) -> None:
    assert found(output) == "snapshot=b"


def test_a_link_to_a_snapshot_beside_it_comes_before_the_file(output: Path) -> None:
    (output / LATEST).symlink_to("snapshot=a")  # a person may point it to an older one
    assert found(output) == "snapshot=a"


def test_a_link_that_leads_nowhere_or_elsewhere_and_a_folder_come_after_the_file(output: Path) -> None:
    for make in ("snapshot=gone", str(output / "snapshot=a")):
        (output / LATEST).symlink_to(make)
        assert found(output) == "snapshot=b"
        (output / LATEST).unlink()
    (output / LATEST).mkdir()
    assert found(output) == "snapshot=b"


@pytest.mark.parametrize("text", [None, b"", b"mine", b'{"snapshot":"c","folder":"snapshot=c"}'])
def test_without_a_file_that_names_a_snapshot_the_folder_is_taken(output: Path, text: bytes | None) -> None:
    (output / LATEST_FILE).unlink()
    if text is not None:
        (output / LATEST_FILE).write_bytes(text)
    assert found(output) is None
    (output / LATEST).mkdir()  # a copy that followed the link
    assert found(output) == LATEST


@pytest.mark.parametrize("folder", ["../a", "snapshot=a/center=self", "/snapshot=a", "a"])
def test_a_file_names_a_snapshot_beside_it_and_nothing_else(output: Path, folder: str) -> None:
    (output / LATEST_FILE).write_bytes(to_bytes(LatestSnapshot("a", folder)))
    with pytest.raises(ValueError, match="names no snapshot"):
        read_latest_file(output)
    assert found(output) is None


def test_a_path_to_latest_is_followed_where_it_is_no_folder(output: Path) -> None:
    assert followed(output / LATEST).name == "snapshot=b"
    assert followed(output / "snapshot=a") == output / "snapshot=a"
    (output / LATEST).mkdir()
    assert followed(output / LATEST) == output / LATEST
    assert followed(output / "snapshot=a" / LATEST) == output / "snapshot=a" / LATEST
