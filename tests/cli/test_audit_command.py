"""`swr-crawler audit` as its users meet it: what is printed and written where, and the exit code."""

import os
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO
from xml.etree import ElementTree as ET

import jsonschema
import orjson
import pytest

import crawler
from crawler.audit.finding import schema
from crawler.cli.commands.audit import _styled
from crawler.cli.run_command import run_command
from crawler.emulator.faults.registry import parse_fault
from tests.audit.examples import item, publish
from tests.audit.test_sarif import VALIDATOR as SARIF
from tests.support.cli_runner import Say, saying

UNPROVEN = (parse_fault("missing-total:in_items=true,in_header=true"),)
HOSTILE = "evil\x1b[2J\u202e<script>alert(1)</script>]]>[x](https://evil.example){0}\x00"


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Say:
    """Run `audit` in this process, with nothing of the caller's environment."""

    return saying(capfd, monkeypatch, "audit")


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    """Return a snapshot with an error, a warning and a note."""
    return publish(
        tmp_path / "output",
        item("public", is_public=True),
        item("untagged", tags=[], num_images=0),
        item("bare", description=""),
    )


def test_people_get_a_table_by_rule_the_most_severe_first(say: Say, snapshot: Path) -> None:
    said = say(snapshot)
    assert (said.code, said.err) == (1, "")
    words = [line.split()[0] for line in said.out.splitlines() if line and not line.startswith(" ")]
    assert words == ["snapshot", "error", "warning", "note"]
    assert "(complete), 3 records: 1 error, 1 warning, 1 note\n" in said.out
    assert "SWR101 public-while-shared: 1 finding. A shared repository is public.\n" in said.out
    assert "default/self team/public of acme is public, though it is shared\n" in said.out
    assert "\x1b" not in said.out


def test_a_sound_snapshot_is_audited_in_one_line(say: Say, tmp_path: Path) -> None:
    said = say(publish(tmp_path, item(), snapshot="fine"))
    assert said == (0, "snapshot fine (complete), 1 record: nothing found\n", "")


@pytest.mark.parametrize(("fail_on", "code"), [("error", 1), ("warning", 1), ("note", 1), ("never", 0)])
def test_an_error_fails_an_audit_that_fails_for_that_or_less(say: Say, snapshot: Path, fail_on: str, code: int) -> None:
    assert say(snapshot, "--fail-on", fail_on).code == code


@pytest.mark.parametrize(("fail_on", "code"), [("error", 0), ("warning", 0), ("note", 1), ("never", 0)])
def test_a_note_fails_only_an_audit_that_fails_for_notes(say: Say, tmp_path: Path, fail_on: str, code: int) -> None:
    assert say(publish(tmp_path, item(description="")), "--fail-on", fail_on).code == code


@pytest.mark.parametrize("fail_on", ["error", "never"])
def test_an_incomplete_snapshot_is_3_whatever_it_fails_for(say: Say, tmp_path: Path, fail_on: str) -> None:
    folder = publish(tmp_path, item(is_public=True), faults=UNPROVEN)
    said = say(folder, "--fail-on", fail_on, "--junit", tmp_path / "a.xml", "--sarif", tmp_path / "a.sarif")
    assert said.code == 3
    assert "(incomplete)" in said.out.splitlines()[0]
    assert "SWR001 incomplete-snapshot" in said.out.splitlines()[2]
    assert ET.parse(tmp_path / "a.xml").getroot()[0].get("failures") == "1"  # noqa: S314 - our own
    (run,) = orjson.loads((tmp_path / "a.sarif").read_bytes())["runs"]
    assert run["results"][0]["ruleId"] == "SWR001"
    assert "incomplete" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


def test_every_finding_is_a_line_of_json_and_the_headline_goes_to_standard_error(say: Say, snapshot: Path) -> None:
    said = say(snapshot, "--json")
    found = [orjson.loads(line) for line in said.out.splitlines()]
    assert [one["rule"] for one in found] == ["SWR205", "SWR101", "SWR202"]  # in the order of the parts
    for one in found:
        jsonschema.Draft202012Validator(schema()).validate(one)
    assert said.err.startswith("snapshot ")
    assert said == say(snapshot, "--json")


def test_the_schema_of_a_finding_is_printed_by_its_name(capfd: pytest.CaptureFixture[str]) -> None:
    assert run_command(["schema", "finding"]) == 0
    assert orjson.loads(capfd.readouterr().out) == schema()
    assert run_command(["schema"]) == 0
    assert orjson.loads(capfd.readouterr().out)["finding"] == schema()


def test_an_audit_says_the_same_today_and_tomorrow(say: Say, snapshot: Path, tmp_path: Path) -> None:
    told = []
    for number in range(2):
        files = tmp_path / f"{number}.sarif", tmp_path / f"{number}.xml"
        told.append((say(snapshot, "--sarif", files[0], "--junit", files[1]), *(file.read_bytes() for file in files)))
    assert told[0] == told[1]


def test_snapshots_are_named_by_folder_id_or_words_and_growth_needs_the_previous(say: Say, tmp_path: Path) -> None:
    output = tmp_path / "output"
    publish(output, item("a"), snapshot="old")
    publish(output, *(item(f"a{number:03}") for number in range(200)), snapshot="new")
    for name in (output / "snapshot=new", "new", "latest"):
        assert say(name, "--output", output).out == "snapshot new (complete), 200 records: nothing found\n"
    said = say("latest", "--output", output, "--previous", "previous", "--fail-on", "warning")
    assert said.code == 1
    assert "grew from 1 repository to 200 repositories, 19 900 % more" in said.out
    assert "was not started before" in say("old", "--output", output, "--previous", "new").err


def test_in_the_first_night_a_notice_says_that_there_is_no_previous_snapshot(say: Say, tmp_path: Path) -> None:
    publish(tmp_path, item("a"), snapshot="first")
    said = say("latest", "--output", tmp_path, "--previous", "previous", "--sarif", tmp_path / "a.sarif")
    assert said.code == 0
    assert said.err.startswith("growth and shrinkage were not judged: ")
    assert b"growth and shrinkage were not judged: " in (tmp_path / "a.sarif").read_bytes()
    assert say("latest", "--output", tmp_path, "--previous", "other").code == 2


def test_the_configuration_sets_limits_allow_lists_disabled_rules_and_suppressions(
    say: Say, snapshot: Path, tmp_path: Path
) -> None:
    file = tmp_path / "crawler.toml"
    file.write_text(
        """
        [audit]
        fail_on = "warning"
        disabled_rules = ["no-description"]
        allowed_domains = ["partner-*"]
        [[audit.suppress]]
        rule = "public-while-shared"
        name = "pub*"
        reason = "a base image for everybody"
        expires = 9999-12-31
        [[audit.suppress]]
        rule = "SWR202"
        reason = "over"
        expires = 2020-01-01
        """
    )
    said = say(snapshot, "--config", file, "--json")
    assert said.code == 1
    found = [orjson.loads(line) for line in said.out.splitlines()]
    assert [(one["rule"], one["name"]) for one in found] == [
        ("SWR103", "bare"),
        ("SWR103", "public"),
        ("SWR103", "untagged"),
        ("SWR202", "untagged"),
        ("SWR901", None),
    ]
    assert "3 errors, 2 warnings, 1 suppressed" in said.err
    assert say(snapshot, "--config", file, "--fail-on", "never").code == 0


def test_no_name_in_a_snapshot_can_command_a_terminal_or_break_a_file(say: Say, tmp_path: Path) -> None:
    folder = publish(
        tmp_path, item(HOSTILE, is_public=True, domain_name=HOSTILE, description=HOSTILE, category=HOSTILE)
    )
    config = tmp_path / "crawler.toml"
    config.write_text('[audit]\nallowed_domains = ["acme"]\nallowed_categories = ["other"]')
    said = say(folder, "--config", config, "--sarif", tmp_path / "a.sarif", "--junit", tmp_path / "a.xml")
    assert all(line.isprintable() for line in said.out.splitlines())
    log = orjson.loads((tmp_path / "a.sarif").read_bytes())
    SARIF.validate(log)
    texts = [result["message"]["text"] for result in log["runs"][0]["results"]]
    assert len(texts) == 3
    assert all(text.isprintable() and "[x](" not in text and "{{0}}" in text for text in texts)
    cases = [case for case in ET.parse(tmp_path / "a.xml").iter("testcase") if case.get("file")]  # noqa: S314 - our own
    assert len(cases) == 3
    lines = say(folder, "--config", config, "--json").out.splitlines()
    assert [orjson.loads(line)["name"] for line in lines] == [HOSTILE] * 3


@pytest.mark.parametrize("form", ["sarif", "junit"])
def test_a_form_goes_to_standard_output_in_place_of_the_table(
    say: Say, snapshot: Path, tmp_path: Path, form: str
) -> None:
    file = tmp_path / "file"
    assert say(snapshot, f"--{form}", file).out.startswith("snapshot ")
    said = say(snapshot, f"--{form}", "-")
    assert said.out.encode() == file.read_bytes()
    assert said.err.startswith("snapshot ")


def test_the_log_names_the_version_and_the_snapshot(say: Say, snapshot: Path) -> None:
    (run,) = orjson.loads(say(snapshot, "--sarif", "-").out)["runs"]
    assert run["tool"]["driver"]["version"] == crawler.__version__
    assert run["automationDetails"]["id"] == f"swr-crawler/audit/{run['properties']['snapshot']}"


def test_a_file_is_written_through_a_link(say: Say, snapshot: Path, tmp_path: Path) -> None:
    link, real = tmp_path / "link", tmp_path / "real"
    real.write_text("old")
    link.symlink_to(real)
    assert say(snapshot, "--sarif", link).code == 1
    assert link.is_symlink()
    assert real.read_bytes().startswith(b'{"$schema"')


def test_a_pipe_with_a_name_is_written_to_and_stays(say: Say, snapshot: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert say(snapshot, "--junit", pipe).code == 1
        assert os.read(reader, 100).startswith(b"<?xml")
    finally:
        os.close(reader)
    assert pipe.is_fifo()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["/nowhere"], 2, ["/nowhere"]),
        (["/usr"], 3, ["/usr", "_manifest.json"]),
        (["SNAPSHOT", "--previous", "/usr"], 3, ["/usr", "_manifest.json"]),
        (["SNAPSHOT", "--fail-on", "fatal"], 2, ["--fail-on", "fatal", "never"]),
        (["SNAPSHOT", "--json", "--sarif", "-"], 2, ["--sarif", "standard output"]),
        (["SNAPSHOT", "--junit", "-", "--sarif", "-"], 2, ["--junit", "standard output"]),
        (["SNAPSHOT", "--sarif", "/nowhere/a.sarif"], 2, ["--sarif", "/nowhere/a.sarif"]),
        (["SNAPSHOT", "--sarif", "x" * 300], 2, ["--sarif", "cannot write"]),
        (["SNAPSHOT", "--sarif", "same", "--junit", "same"], 2, ["--sarif", "--junit", "same"]),
        (["x" * 300], 2, ["name a snapshot"]),
        (["SNAPSHOT", "--junit", "/usr"], 2, ["--junit", "/usr"]),
        (["SNAPSHOT", "--sarif", "x" * 255], 74, ["xxx", "File name too long"]),
        (["SNAPSHOT", "--config", "/nowhere.toml"], 78, ["--config", "/nowhere.toml"]),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_written(
    say: Say, snapshot: Path, arguments: list[str], code: int, words: list[str]
) -> None:
    said = say(*(snapshot if argument == "SNAPSHOT" else argument for argument in arguments))
    assert (said.code, said.out) == (code, "")
    assert len(said.err.splitlines()) == 1
    assert all(word in said.err for word in words)


@pytest.mark.parametrize("form", ["--json", "--sarif", "--junit"])
def test_a_damaged_snapshot_is_3_and_leaves_neither_lines_nor_file(
    say: Say, snapshot: Path, tmp_path: Path, form: str
) -> None:
    part = snapshot / "center=self" / "part-00000.ndjson"
    part.write_bytes(part.read_bytes().replace(b'"public"', b'"pvblic"'))
    file = tmp_path / "file"
    file.write_text("of yesterday")
    said = say(snapshot, form, *([] if form == "--json" else [file]))
    assert (said.code, said.out) == (3, "")
    assert "differs from the manifest" in said.err
    assert file.read_text() == "of yesterday"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "output"]


def run(*arguments: object, stdout: BinaryIO | int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-u", "-m", "crawler", "audit", *map(str, arguments)]
    return subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE)  # noqa: S603 - ourselves


@pytest.mark.parametrize("form", [[], ["--json"], ["--sarif", "-"]])
def test_standard_output_that_is_full_is_74_and_no_traceback(snapshot: Path, form: list[str]) -> None:
    with Path("/dev/full").open("wb") as full, run(snapshot, *form, stdout=full) as process:
        _, said = process.communicate()
    assert process.returncode == 74
    assert b"cannot write to standard output: No space left on device; free disk space" in said.splitlines()[-1]


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_closed_pipe_ends_the_audit_without_a_message(snapshot: Path, form: list[str]) -> None:
    with run(snapshot, *form, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_a_terminal_gets_colours_unless_it_asks_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert _styled()("error", "word") == "\x1b[31m\x1b[1mword\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert _styled()("error", "word") == "word"
