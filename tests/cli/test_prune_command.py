"""`swr-crawler prune` as its users meet it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from crawler.cli.commands.output.prune import prune_output
from crawler.config.retention import Retention
from crawler.store.output.work_folder import open_work_folder
from crawler.store.output.workspace import open_workspace
from tests.store.output.builders import files_in, resume_request
from tests.store.retention.builders import NOW, publish_night, snapshots_in
from tests.support.cli_runner import Say, saying

WITHOUT = "nothing says what to keep, so nothing is removed"


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Say:
    monkeypatch.chdir(tmp_path)
    return saying(capfd, monkeypatch, "prune")


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Return the output of four nights, of which the second is incomplete."""
    output = tmp_path / "output"
    for days_ago in range(4, 0, -1):
        publish_night(output, f"n{days_ago}", days_ago, is_complete=days_ago != 3)
    return output


@contextmanager
def unchanged(output: Path) -> Iterator[None]:
    before = files_in(output)
    yield
    assert files_in(output) == before


def test_a_dry_run_says_what_it_would_remove_and_why_the_rest_is_kept_and_changes_nothing(
    output: Path, say: Say
) -> None:
    with unchanged(output):
        said = say("--keep-last", "1", "--dry-run")
    rows = [line.split() for line in said.out.splitlines()]
    assert (said.code, said.err) == (0, "")
    assert [row[:2] for row in rows[1:-1]] == [["keep", "n1"], ["keep", "n2"], ["remove", "n3"], ["remove", "n4"]]
    assert said.out.splitlines()[1].endswith("latest, newest complete, last".ljust(len(rows[1][-1])))
    assert rows[-1][:5] == ["2", "snapshots", "would", "be", "removed,"]


def test_what_is_removed_is_what_the_dry_run_said(output: Path, say: Say) -> None:
    planned = say("--keep-last", "1", "--dry-run", "--json")
    done = say("--keep-last", "1", "--json")
    assert snapshots_in(output) == ["n1", "n2"]
    assert planned.lines[:-1] == done.lines[:-1]
    assert {**planned.lines[-1], "dry_run": False} == done.lines[-1]
    assert list(done.lines[0]) == [
        *("snapshot", "action", "status", "started_at", "records", "bytes", "path", "reasons")
    ]
    assert done.lines[-1] == {
        "action": "summary",
        "dry_run": False,
        "removed": 2,
        "kept": 2,
        "bytes": sum(line["bytes"] for line in done.lines if line["action"] == "remove"),
        "left": [],
    }


@pytest.mark.parametrize("flags", [(), ("--keep-last", "0"), ("--keep-daily", "0", "--keep-within", "")])
def test_without_a_rule_nothing_is_removed_and_the_exit_code_is_2(
    output: Path, say: Say, flags: tuple[str, ...]
) -> None:
    with unchanged(output):
        said = say(*flags)
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert WITHOUT in said.err


@pytest.mark.parametrize("flag", ["--keep-last", "--keep-daily", "--keep-weekly", "--keep-monthly"])
def test_each_rule_is_a_flag_a_variable_and_a_key_of_the_table_retention(
    output: Path, say: Say, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, flag: str
) -> None:
    word = flag.removeprefix("--").replace("-", "_")
    (tmp_path / "c.toml").write_text(f"[retention]\n{word} = 1\n")
    by_flag, by_file = say(flag, "1", "--dry-run"), say("--config", "c.toml", "--dry-run")
    monkeypatch.setenv(f"SWR_CRAWLER_RETENTION_{word.upper()}", "1")
    assert by_flag.out == by_file.out == say("--dry-run").out
    assert "remove" in by_flag.out or flag != "--keep-last"
    assert len(snapshots_in(output)) == 4


def test_a_flag_replaces_the_same_rule_of_the_file_and_is_added_to_its_other_rules(
    output: Path, say: Say, tmp_path: Path
) -> None:
    (tmp_path / "c.toml").write_text('[retention]\nkeep_last = 9\nkeep_within = "26h"\n')
    said = say("--config", "c.toml", "--keep-last", "1")
    assert said.code == 0, said.err
    assert snapshots_in(output) == ["n1", "n2"]


@pytest.mark.parametrize("text", ["1w", "soon", "-1d", "0d"])
def test_a_time_that_is_none_is_one_line_and_exit_code_2(output: Path, say: Say, text: str) -> None:
    with unchanged(output):
        said = say(f"--keep-within={text}")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "is not a time such as 90d" in said.err


def test_while_a_run_uses_the_output_it_is_75_but_a_dry_run_and_one_without_work_need_no_lock(
    output: Path, say: Say
) -> None:
    with open_workspace(output, resume_request(), NOW):
        busy = say("--keep-last", "1")
        assert (busy.code, busy.err.count("\n")) == (75, 1)
        assert "is in use by process" in busy.err
        assert say("--keep-last", "1", "--dry-run").code == 0
        assert say("--keep-last", "9").code == 0
    assert len(snapshots_in(output)) == 4


def test_an_output_without_snapshots_says_so_and_what_is_no_output_is_2(say: Say, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert say("--keep-last", "1", "--output", "empty") == (0, "there is no snapshot in empty\n", "")
    assert [orjson.loads(line)["kept"] for line in say("--keep-last", "1", "--output", "empty", "--json").out.split()] \
        == [0]  # fmt: skip
    assert say("--keep-last", "1", "--output", "nowhere").code == 2
    assert say("--keep-last", "1", "--output", "-").code == 2
    assert {path.name for path in tmp_path.iterdir()} == {"empty"}


def test_nothing_in_a_table_is_obeyed_by_a_terminal(output: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (output / "snapshot=evil\x1b[2J").mkdir()
    assert prune_output(output, Retention(keep_last=1), NOW + timedelta(hours=1)) == 0
    out = capfd.readouterr().out
    assert "\x1b" not in out
    assert "evil\\u001b[2J" in out


def test_what_is_in_the_place_of_its_own_files_is_named_in_the_log(output: Path, say: Say) -> None:
    theirs = open_work_folder(output) / ".trash" / "theirs"
    theirs.mkdir(parents=True)
    said = say("--keep-last", "1", "--json")
    assert said.code == 0
    assert said.lines[-1]["left"] == ["theirs/"]
    (warning,) = map(orjson.loads, said.err.splitlines())
    assert (warning["event"], warning["path"]) == ("output.foreign", "output/.work/.trash/theirs")


def test_a_snapshot_that_cannot_be_removed_is_74_and_one_line(
    output: Path, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self.name == "snapshot=n3":
            raise PermissionError(13, "Permission denied", str(self))
        return real(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    said = say("--keep-last", "1")
    assert (said.code, said.out, said.err.count("\n")) == (74, "", 1)
    assert "1 of 2 snapshots were removed (n4), then: " in said.err
    assert "let this user" in said.err
    assert snapshots_in(output) == ["n1", "n2", "n3"]
