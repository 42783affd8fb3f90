"""`latest` follows the newest complete snapshot, unless somebody else made what has its name."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from crawler.snapshot.layout import LATEST
from crawler.store.latest import LatestLink
from tests.store.output.builders import files_in

THEIRS: Final[dict[str, Callable[[Path], object]]] = {
    "a file": lambda path: path.write_bytes(b"mine"),
    "a folder": lambda path: path.mkdir(),
    "a link elsewhere": lambda path: path.symlink_to("/somewhere/snapshot=s1"),
    "a link to a file beside it": lambda path: path.symlink_to("notes.txt"),
    "a link into a snapshot": lambda path: path.symlink_to("snapshot=s1/center=self"),
}


@pytest.mark.parametrize("theirs", THEIRS)
def test_what_we_did_not_make_is_left_alone_and_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, theirs: str
) -> None:
    THEIRS[theirs](tmp_path / LATEST)
    (tmp_path / ".latest.tmp").write_bytes(b"mine, too")
    before = files_in(tmp_path)
    latest = LatestLink(tmp_path)
    with caplog.at_level(logging.WARNING):
        assert not latest.is_ours()
        latest.point_to("snapshot=s2", tmp_path / "work")
    assert files_in(tmp_path) == before
    assert [(record.msg, record.__dict__["path"]) for record in caplog.records] == [
        ("output.foreign", str(tmp_path / LATEST))
    ]


def test_a_link_of_ours_is_moved_also_when_it_leads_nowhere(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    latest = LatestLink(tmp_path)
    for snapshot in ("snapshot=s1", "snapshot=s2"):
        latest.point_to(snapshot, work)
        assert (tmp_path / LATEST).readlink() == Path(snapshot)
        assert latest.is_ours()
    assert list(work.iterdir()) == []


def test_a_run_whose_folder_was_moved_away_moves_no_link(tmp_path: Path) -> None:
    (tmp_path / LATEST).symlink_to("snapshot=newer")
    with pytest.raises(FileNotFoundError):
        LatestLink(tmp_path).point_to("snapshot=older", tmp_path / "moved")
    assert (tmp_path / LATEST).readlink() == Path("snapshot=newer")
