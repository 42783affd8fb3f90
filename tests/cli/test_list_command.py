"""`swr-crawler list` as its users meet it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.cli.commands.output.list_snapshots import list_output
from tests.audit.examples import walk
from tests.store.builders import publish_records, records_named
from tests.store.output.builders import unfinished
from tests.support.cli_runner import Say, saying

HOSTILE = "evil\x1b[2J\u202e"
KEYS = ["snapshot", "status", "started_at", "age_s", "records", "bytes", "names", "path", "holder", "reason"]


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Say:
    monkeypatch.chdir(tmp_path)
    return saying(capfd, monkeypatch, "list")


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Return an output with two complete snapshots, an incomplete one whose name is hostile, and an unfinished run."""
    output = tmp_path / "output"
    publish_records(output, "one", records_named("x"), started_at="2026-11-20T02:00:00.000000Z")
    partial = walk(target=HOSTILE, records=0, verdict="partial", declared_totals=(3,), reason=HOSTILE)
    publish_records(output, "half", (), partial, started_at="2026-11-21T02:00:00.000000Z", status="incomplete")
    publish_records(output, "two", records_named("x", "y"), started_at="2026-11-22T02:00:00.000000Z")
    unfinished(output, "three")
    return output


def test_the_table_has_the_unfinished_run_first_and_then_the_newest_snapshot(
    output: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert list_output(output, datetime(2026, 11, 23, 12, 0, 30, tzinfo=UTC), as_json=False) == 0
    rows = [line.split() for line in capfd.readouterr().out.splitlines()]
    assert rows[0] == ["snapshot", "started", "age", "status", "records", "size", "named", "why"]
    assert rows[1][:6] == ["three", "2026-11-23T11:59:00Z", "1", "min", "30", "s"]
    assert rows[1][6] == "unfinished"
    assert [(row[0], row[-1]) for row in rows[2::2]] == [("two", "latest"), ("one", "previous")]
    assert rows[2][1:9] == ["2026-11-22T02:00:00Z", "1", "d", "10", "h", "complete", "2", rows[2][8]]


@pytest.mark.usefixtures("output")
def test_nothing_in_a_table_is_obeyed_by_a_terminal(say: Say) -> None:
    said = say()
    assert (said.code, said.err) == (0, "")
    assert "\x1b" not in said.out
    assert "\u202e" not in said.out
    assert "\\u001b[2J" in said.out


@pytest.mark.usefixtures("output")
def test_with_json_each_run_and_each_snapshot_is_a_line_with_the_same_keys(say: Say) -> None:
    said = say("--json")
    assert said.code == 0
    assert [list(line) for line in said.lines] == [KEYS] * 4
    assert [(line["snapshot"], line["status"], line["names"]) for line in said.lines] == [
        ("three", "unfinished", []),
        ("two", "complete", ["latest"]),
        ("half", "incomplete", []),
        ("one", "complete", ["previous"]),
    ]
    assert [line["records"] for line in said.lines] == [None, 2, 0, 1]


def test_a_snapshot_of_the_future_and_one_without_a_manifest_have_no_age(
    output: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (output / "snapshot=one" / "_manifest.json").unlink()
    assert list_output(output, datetime(2026, 11, 21, 12, 0, tzinfo=UTC), as_json=False) == 0
    out = capfd.readouterr().out
    assert "in the future" in next(line for line in out.splitlines() if line.startswith("two"))
    assert next(line for line in out.splitlines() if line.startswith("one")).split()[:5] == [
        *("one", "unknown", "unknown", "damaged", "unknown")
    ]


def test_an_output_without_snapshots_says_so_and_prints_no_line_of_json(say: Say, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert say("--output", "empty") == (0, "there is no snapshot in empty\n", "")
    assert say("--output", "empty", "--json") == (0, "", "")


@pytest.mark.parametrize("name", ["nowhere", "-", "x" * 300])
def test_what_is_no_output_is_one_line_and_exit_code_2_or_74(say: Say, name: str) -> None:
    said = say("--output", name)
    assert said.code == (74 if len(name) > 99 else 2)
    assert said.err.count("\n") == 1


def test_the_output_may_come_from_the_configuration(output: Path, say: Say, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text('[crawl]\noutput = "elsewhere"\n')
    output.rename(tmp_path / "elsewhere")
    assert say("--config", "c.toml").out.count("\n") == 5
