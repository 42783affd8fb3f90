"""`swr-crawler diff` as its users meet it: crawls of a registry that changed in between, and what is printed."""

import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from crawler.diff.change import schema
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.inventory.ndjson import synthetic
from tests.audit.examples import item, publish
from tests.support.cli_runner import Said, Say, saying
from tests.support.emulator_fixture import crawl, records, serve

HOSTILE = "evil\x1b[2J\u202e"
BEFORE = (
    item("stays", num_download=1),
    item("grows", size=1000, tags=["v1"], num_images=1),
    item("goes"),
    item("theirs", center="thirdparty", description="a"),
)
AFTER = (
    item("stays", num_download=5),
    item("grows", size=2000, tags=["v1", "v2"], num_images=2),
    item("comes", namespace="new"),
    item("theirs", center="thirdparty", description=HOSTILE),
)
REJECTED = item("", size="many")


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Say:
    """Run `diff` in this process where `output` is in the test's folder, with nothing of the caller's environment."""
    monkeypatch.chdir(tmp_path)

    return saying(capfd, monkeypatch, "diff")


@pytest.fixture
def changed(tmp_path: Path) -> None:
    """Leave two snapshots in `output`, old and new."""
    publish(tmp_path / "output", *BEFORE, snapshot="old")
    publish(tmp_path / "output", *AFTER, snapshot="new")


def kinds(said: Said) -> dict[str, str]:
    return {line["name"]: line["change"] for line in said.lines if "name" in line}


@pytest.mark.usefixtures("changed")
def test_each_change_is_a_line_of_json_in_order_and_the_last_one_counts(say: Say) -> None:
    said = say("previous", "latest", "--json")
    assert (said.code, said.err) == (0, "")
    assert list(kinds(said).items()) == [
        ("comes", "added"),
        ("goes", "removed"),
        ("grows", "changed"),
        ("theirs", "changed"),
    ]
    assert said.lines[2]["fields"] == {
        "size": {"old": 1000, "new": 2000},
        "num_images": {"old": 1, "new": 2},
        "tags": {"old": ["v1"], "new": ["v1", "v2"]},
    }
    assert said.lines[0]["record"]["namespace"] == "new"
    assert said.lines[-1] == {
        "change": "summary",
        "old": "old",
        "new": "new",
        "complete": True,
        "added": 1,
        "removed": 1,
        "changed": 2,
        "unchanged": 1,
        "unknown": 0,
        "downloads": {"records": 1, "difference": 4},
    }
    for line in said.lines:
        jsonschema.validate(line, schema())


@pytest.mark.usefixtures("changed")
def test_the_table_cannot_command_a_terminal(say: Say) -> None:
    said = say("old", "new")
    assert said.code == 0
    assert "size 1.0 kB -> 2.0 kB; num_images 1 -> 2; tags +v2" in said.out
    assert "\\u001b[2J\\u202e" in said.out
    assert "\x1b[2J" not in said.out
    assert "complete: 1 added, 1 removed, 2 changed, 1 unchanged\n  downloads +4 in 1 record, not listed" in said.out
    assert "and 3 more; --json lists all of them" in say("old", "new", "--rows", "1").out


@pytest.mark.usefixtures("changed")
@pytest.mark.parametrize(
    ("arguments", "code", "left"),
    [
        ((), 1, {"comes", "goes", "grows", "theirs"}),
        (("--list-downloads",), 1, {"comes", "goes", "grows", "theirs", "stays"}),
        (("--ignore", "size", "--ignore", "tags", "--ignore", "num_images"), 1, {"comes", "goes", "theirs"}),
    ],
)
def test_differences_can_be_an_exit_code(say: Say, arguments: tuple[str, ...], code: int, left: set[str]) -> None:
    said = say("old", "new", "--json", "--exit-code", *arguments)
    assert (said.code, set(kinds(said))) == (code, left)


@pytest.mark.usefixtures("changed")
def test_comparing_a_snapshot_with_itself_finds_nothing_and_warns(say: Say) -> None:
    said = say("new", "output/latest", "--exit-code")
    assert said.code == 0
    assert "0 added, 0 removed, 0 changed, 4 unchanged" in said.out
    assert "the two snapshots that are compared are one, new" in said.err


@pytest.mark.usefixtures("changed")
def test_the_wrong_way_round_is_warned_of(say: Say) -> None:
    said = say("new", "old", "--json")
    assert "the earlier snapshot, new, was not started before old" in said.err
    assert kinds(said)["goes"] == "added"


@pytest.mark.usefixtures("changed")
@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("old",), 2, "NEW"),
        (("old", "nope"), 2, "nope is no folder and no snapshot in output; there are old, new"),
        (("old", "/nowhere"), 2, "/nowhere is no folder"),
        (("old", "/usr"), 3, "/usr has no _manifest.json"),
        (("old", "new", "--output", "elsewhere"), 2, "there is no snapshot in elsewhere"),
        (("old", "new", "--ignore", "name"), 2, "name is no field that can change"),
        (("old", "new", "--ignore", "\x1b[2J"), 2, "\\u001b[2J is no field"),
        (("old", "new", "--config", "/nowhere.toml"), 78, "/nowhere.toml"),
    ],
)
def test_bad_input_is_one_line(say: Say, arguments: tuple[str, ...], code: int, words: str) -> None:
    said = say(*arguments)
    assert (said.code, said.out, len(said.err.splitlines())) == (code, "", 1)
    assert words in said.err


@pytest.mark.usefixtures("changed")
@pytest.mark.parametrize("of", ["old", "new"])
def test_a_changed_byte_is_3_and_nothing_is_printed(say: Say, tmp_path: Path, of: str) -> None:
    part = tmp_path / "output" / f"snapshot={of}" / "center=thirdparty" / "part-00000.ndjson"
    part.write_bytes(part.read_bytes().replace(b"theirs", b"others"))
    for form in ((), ("--json",)):
        said = say("old", "new", *form)
        assert (said.code, said.out) == (3, "")
        assert "SHA-256" in said.err


def test_rejected_items_leave_additions_and_removals_unknown(say: Say, tmp_path: Path) -> None:
    publish(tmp_path / "output", *BEFORE, snapshot="old")
    publish(tmp_path / "output", *AFTER, REJECTED, snapshot="new")
    said = say("old", "new", "--json", "--exit-code")
    assert said.code == 3
    assert kinds(said) == {"grows": "changed", "theirs": "changed"}
    (unknown,) = [line for line in said.lines if line["change"] == "unknown"]
    assert (unknown["center"], unknown["only_old"], unknown["only_new"]) == ("self", 1, 1)
    assert [reason["reason"] for reason in unknown["reasons"]] == ["rejects"]
    assert said.lines[-1]["complete"] is False


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("fail-window:offset=100", "partial"),
        ("missing-total:in_items=true,in_header=true", "unproven"),
        ("churn:every=2", "drifted"),
    ],
)
def test_rows_that_were_not_read_are_never_called_removed(say: Say, tmp_path: Path, fault: str, reason: str) -> None:
    inventory = synthetic(namespaces=4, repositories=600, seed=7)
    for name, faults in (("old", ()), ("new", (parse_fault(fault),))):
        with serve(inventory, faults=faults) as served:
            crawl(served.endpoint, tmp_path / "output", limit=50, snapshot=name)
    for arguments in (("old", "new"), ("new", "old")):
        said = say(*arguments, "--json")
        assert said.code == 3
        assert not {"added", "removed"} & set(kinds(said).values())
        unknown = [line for line in said.lines if line["change"] == "unknown"]
        assert {why["reason"] for line in unknown for why in line["reasons"]} == {reason}
        held = [len(records(tmp_path / "output" / f"snapshot={name}")) for name in arguments]
        counts = said.lines[-1]
        assert held[0] == counts["changed"] + counts["unchanged"] + sum(line["only_old"] for line in unknown)
        assert held[1] == counts["changed"] + counts["unchanged"] + sum(line["only_new"] for line in unknown)
    assert "added and removed are unknown" in say("old", "new").out


def test_a_namespace_that_one_side_did_not_walk_is_unknown(say: Say, tmp_path: Path) -> None:
    publish(tmp_path / "output", *AFTER, snapshot="all")
    publish(tmp_path / "output", *AFTER, snapshot="some", namespaces=("team",), allow_partial_coverage=True)
    said = say("all", "some", "--json")
    assert said.code == 3
    (unknown,) = [line for line in said.lines if line["change"] == "unknown"]
    assert (unknown["namespace"], unknown["only_old"]) == ("new", 1)
    assert unknown["reasons"][0]["text"] == "this namespace was not walked"
    table = say("all", "some", "--rows", "0").out
    assert "and 1 more walk;" in table


def test_a_closed_pipe_and_a_full_disk_have_different_exit_codes(tmp_path: Path) -> None:
    publish(tmp_path / "output", *(item(f"{number}", description="x" * 500) for number in range(500)), snapshot="old")
    publish(tmp_path / "output", *(item(f"n{number}", description="y" * 500) for number in range(500)), snapshot="new")
    command = [sys.executable, "-m", "crawler", "diff", "old", "new", "--json", "--output", str(tmp_path / "output")]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)  # noqa: S603 - ourselves
    assert (done.returncode, b"cannot write to standard output" in done.stderr) == (74, True)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # noqa: S603 - ourselves
    assert process.stdout is not None
    process.stdout.close()
    said = process.stderr.read() if process.stderr else b""
    process.wait()
    process.stderr.close()  # type: ignore[union-attr]
    assert (process.returncode, said) == (141, b"")
