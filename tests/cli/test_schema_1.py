"""Snapshots of manifest schema 1 can be read by every command, which show the verdicts by their names of today."""

from pathlib import Path

import orjson
import pytest

from crawler.emulator.inventory.ndjson import synthetic
from crawler.snapshot.reader import open_snapshot
from tests.report.pages import Page
from tests.snapshot.schema_1 import complete, incomplete
from tests.support.cli_runner import Say, saying
from tests.support.emulator_fixture import crawl, serve

OLDER, NEWER = "2026-11-22T12:00:00.000000Z", "2026-11-23T12:00:00.000000Z"


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Say:
    """Run a command beside an `output` with two complete snapshots of schema 1 and an incomplete one."""
    monkeypatch.chdir(tmp_path)
    complete(tmp_path / "output", "old", OLDER)
    complete(tmp_path / "output", "new", NEWER)
    incomplete(tmp_path / "output", "half", NEWER)
    return saying(capfd, monkeypatch)


def test_verify_finds_no_differences(say: Say) -> None:
    assert say("verify", "output/latest").code == 0
    said = say("verify", "output/snapshot=half", "--json")
    assert said.code == 0
    assert orjson.loads(said.out)["differences"] == []


def test_verify_knows_which_status_the_old_verdicts_mean(say: Say, tmp_path: Path) -> None:
    path = tmp_path / "output" / "snapshot=half" / "_manifest.json"
    path.write_text(path.read_text().replace('"status": "incomplete"', '"status": "complete"'))
    said = say("verify", "output/snapshot=half")
    assert said.code == 3
    assert "has the status complete, its walks say incomplete" in said.out


def test_diff_compares_them_and_finds_what_is_unknown(say: Say) -> None:
    said = say("diff", "previous", "latest")
    assert (said.code, said.out) == (0, "complete: 0 added, 0 removed, 0 changed, 3 unchanged\n")
    said = say("diff", "latest", "half", "--json")
    assert said.code == 3
    (unknown,) = [line for line in said.lines if line["change"] == "unknown"]
    assert [(why["reason"], why["text"]) for why in unknown["reasons"]] == [
        ("partial", "the center is partial: 1 window not read; 1 record read, 1 missing")
    ]


def test_diff_compares_a_snapshot_of_schema_1_with_one_of_today(say: Say, tmp_path: Path) -> None:
    with serve(synthetic(namespaces=1, repositories=4, seed=1)) as served:
        crawl(served.endpoint, tmp_path / "output", snapshot="today")
    assert open_snapshot(tmp_path / "output" / "snapshot=today").manifest.schema == 2
    (*_, summary) = say("diff", "new", "today", "--json").lines
    assert (summary["complete"], summary["added"], summary["removed"]) == (True, 4, 3)


def test_audit_judges_them(say: Say) -> None:
    said = say("audit", "latest", "--previous", "previous")
    assert (said.code, said.out) == (0, "snapshot new (complete), 3 records: nothing found\n")
    said = say("audit", "half", "--json")
    assert said.code == 3
    assert [(line["rule"], line["evidence"].get("verdict")) for line in said.lines] == [
        ("SWR001", None),
        ("SWR002", "partial"),
    ]


def test_report_shows_the_verdicts_of_today(say: Say, tmp_path: Path) -> None:
    assert say("report", "latest", "--previous", "previous").code == 0
    text = (tmp_path / "report.html").read_text()
    assert "3 of 3 declared records are here, each once" in text
    assert "1 complete" in text
    assert say("report", "half").code == 3
    page = Page((tmp_path / "report.html").read_text())
    text = " ".join("".join(page.text).split())
    assert "1 walk could not be read to the end (partial)" in text
    assert not {"whole", "repaired", "lost"} & set(text.split())


def test_query_shows_the_verdicts_of_today(say: Say) -> None:
    rows = "select center, verdict, passes, lost from walks order by center"
    said = say("query", "latest", rows, "--json")
    assert said.code == 0
    assert [(line["center"], line["verdict"], line["passes"]) for line in said.lines] == [
        ("self", "complete", 2),
        ("thirdparty", "complete", 1),
    ]
    said = say("query", "half", "select center from walks where verdict = 'partial' and len(lost) = 1", "--json")
    assert (said.code, said.lines) == (3, [{"center": "thirdparty"}])
    assert "not complete" in said.err


def test_their_names_are_found(say: Say) -> None:
    assert say("query", "previous", "select count(*) n from repositories", "--json").lines == [{"n": 3}]
    assert say("query", "old", "select count(*) n from repositories", "--json").lines == [{"n": 3}]
