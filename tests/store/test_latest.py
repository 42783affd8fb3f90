"""`latest` and `latest.json` follow the newest complete snapshot, unless somebody else made what has their name."""

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from crawler.files.probe import NO_LINKS
from crawler.snapshot.history.latest import LatestSnapshot, read_latest_file
from crawler.snapshot.layout import LATEST, LATEST_FILE
from crawler.store.latest import LatestLink
from tests.store.output.builders import files_in

THEIRS: Final[dict[str, Callable[[Path], object]]] = {
    "a file": lambda path: path.write_bytes(b"mine"),
    "a folder": lambda path: path.mkdir(),
    "a link elsewhere": lambda path: path.symlink_to("/somewhere/snapshot=s1"),
    "a link to a file beside it": lambda path: path.symlink_to("notes.txt"),
    "a link into a snapshot": lambda path: path.symlink_to("snapshot=s1/center=self"),
}
S1: Final = b'{"snapshot":"s1","folder":"snapshot=s1"}\n'


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / ".work"
    folder.mkdir()
    return folder


def warned(caplog: pytest.LogCaptureFixture) -> list[tuple[object, object]]:
    return [(record.msg, record.__dict__["path"]) for record in caplog.records]


@pytest.mark.parametrize("theirs", THEIRS)
def test_what_we_did_not_make_is_left_alone_and_said_once_and_the_file_names_the_snapshot(
    tmp_path: Path, work: Path, caplog: pytest.LogCaptureFixture, theirs: str
) -> None:
    THEIRS[theirs](tmp_path / LATEST)
    (tmp_path / ".latest.tmp").write_bytes(b"mine, too")
    before = files_in(tmp_path)
    latest = LatestLink(tmp_path)
    with caplog.at_level(logging.WARNING):
        latest.check()
        latest.point_to("snapshot=s1", work)
    assert files_in(tmp_path) == {**before, LATEST_FILE: S1}
    assert warned(caplog) == [("output.foreign", str(tmp_path / LATEST))]


@pytest.mark.parametrize(
    "theirs", [b"mine", b"{}", b'{"snapshot":"a","folder":"../elsewhere"}', b'{"snapshot":1}', b"[" * 10_000]
)
def test_a_file_that_no_run_wrote_is_left_alone_and_said_once_and_the_link_is_moved(
    tmp_path: Path, work: Path, caplog: pytest.LogCaptureFixture, theirs: bytes
) -> None:
    (tmp_path / LATEST_FILE).write_bytes(theirs)
    latest = LatestLink(tmp_path)
    latest.check()
    latest.point_to("snapshot=s1", work)
    assert files_in(tmp_path) == {".work": None, LATEST: "snapshot=s1", LATEST_FILE: theirs}
    assert warned(caplog) == [("output.foreign", str(tmp_path / LATEST_FILE))]


@pytest.mark.parametrize("theirs", ["a folder", "a link elsewhere", "a link to a file beside it"])
def test_no_link_and_no_folder_is_followed_or_replaced_by_the_file(tmp_path: Path, work: Path, theirs: str) -> None:
    THEIRS[theirs](tmp_path / LATEST_FILE)
    (tmp_path / "notes.txt").write_bytes(S1)
    before = files_in(tmp_path)
    LatestLink(tmp_path).point_to("snapshot=s2", work)
    assert files_in(tmp_path) == {**before, LATEST: "snapshot=s2"}


def test_a_file_that_a_power_cut_emptied_is_written_again(tmp_path: Path, work: Path) -> None:
    (tmp_path / LATEST_FILE).touch()
    LatestLink(tmp_path).point_to("snapshot=s1", work)
    assert (tmp_path / LATEST_FILE).read_bytes() == S1


def test_both_are_moved_also_when_they_lead_nowhere(tmp_path: Path, work: Path) -> None:
    latest = LatestLink(tmp_path)
    for snapshot in ("s1", "s2"):
        latest.point_to(f"snapshot={snapshot}", work)
        assert (tmp_path / LATEST).readlink() == Path(f"snapshot={snapshot}")
        assert read_latest_file(tmp_path) == LatestSnapshot(snapshot, f"snapshot={snapshot}")
        assert latest.is_ours()
    assert list(work.iterdir()) == []


def test_a_run_whose_folder_was_moved_away_moves_neither(tmp_path: Path) -> None:
    (tmp_path / LATEST).symlink_to("snapshot=newer")
    with pytest.raises(FileNotFoundError):
        LatestLink(tmp_path).point_to("snapshot=older", tmp_path / "moved")
    assert files_in(tmp_path) == {LATEST: "snapshot=newer"}


@pytest.mark.parametrize("number", sorted(NO_LINKS))
def test_where_no_link_can_be_made_none_is_left_that_names_an_older_snapshot(
    tmp_path: Path, work: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    LatestLink(tmp_path).point_to("snapshot=s1", work)

    def refuse(*_args: object, **_kwargs: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "symlink", refuse)
    LatestLink(tmp_path).point_to("snapshot=s2", work)
    assert files_in(tmp_path) == {".work": None, LATEST_FILE: S1.replace(b"s1", b"s2")}


def test_a_link_that_the_disk_fails_to_make_is_an_error(
    tmp_path: Path, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise OSError(5, os.strerror(5))

    monkeypatch.setattr(os, "symlink", refuse)
    with pytest.raises(OSError, match="Input/output error"):
        LatestLink(tmp_path).point_to("snapshot=s1", work)
