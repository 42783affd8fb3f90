"""A crawl on the file systems and systems that people have: what cannot be done is gone around and said once.

Each run is a real process of the command, in which the calls of the system fail as they do there.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from crawler.emulator.inventory.ndjson import synthetic
from crawler.emulator.server import RunningEmulator
from tests.support.emulator_fixture import environ_of, serve
from tests.support.other_system import Ended, other_system, run_alone

pytestmark = pytest.mark.unmeasured

INVENTORY = synthetic(namespaces=2, repositories=40, seed=3)
# A share of Windows, mounted object storage, a shared folder of a virtual machine: what one or the other refuses.
POOR: Final = {
    "os.symlink": "EOPNOTSUPP",
    "os.link": "EPERM",
    "fcntl.flock": "ENOLCK",
    "os.fsync(folder)": "EINVAL",
}
MACOS: Final = {"os.fdatasync": None, "fcntl.F_FULLFSYNC": 51}


@pytest.fixture(scope="module")
def served() -> Iterator[RunningEmulator]:
    with serve(INVENTORY) as running:
        yield running


@pytest.fixture
def target(served: RunningEmulator) -> dict[str, str]:
    return environ_of(served)


def crawl(target: Mapping[str, str], folder: Path, snapshot: str, calls: Mapping[str, object]) -> Ended:
    environ = {**target, **other_system(calls)}
    return run_alone("crawl", "--snapshot", snapshot, folder=folder, environ=environ)


def warnings(ended: Ended) -> list[dict[str, str]]:
    lines = [json.loads(line) for line in ended.err.splitlines() if line.startswith("{")]
    return [line for line in lines if line["level"] == "warning"]


def test_night_after_night_without_links_locks_and_fsync_of_folders(target: Mapping[str, str], tmp_path: Path) -> None:
    for night in ("one", "two"):
        ended = crawl(target, tmp_path, night, POOR)
        assert ended.code == 0, ended.err
        said = Counter((one["event"], one.get("operation", ""), one["reason"]) for one in warnings(ended))
        assert said == {
            ("output.no_lock", "", "No locks available"): 1,
            ("output.unsupported", "symbolic links", "Operation not supported"): 1,
            ("output.unsupported", "fsync of folders", "Invalid argument"): 1,
        }
        latest = json.loads((tmp_path / "output" / "latest.json").read_bytes())
        assert latest == {"snapshot": night, "folder": f"snapshot={night}"}
    for command in (
        ("verify", "output/latest"),
        ("list",),
        ("diff", "previous", "latest"),
        ("audit", "latest", "--fail-on", "never"),
        ("query", "latest", "select count(*) from repositories", "--csv"),
        ("report", "latest", "--previous", "previous"),
    ):
        read = run_alone(*command, folder=tmp_path)
        assert read.code == 0, (command, read.err)
    assert "snapshot two (complete)" in run_alone("verify", "output/latest", folder=tmp_path).out


def test_a_file_system_that_loses_its_links_leaves_none_that_names_last_nights(
    target: Mapping[str, str], tmp_path: Path
) -> None:
    assert crawl(target, tmp_path, "one", {}).code == 0
    assert (tmp_path / "output" / "latest").readlink() == Path("snapshot=one")
    assert crawl(target, tmp_path, "two", POOR).code == 0
    assert "snapshot two (complete)" in run_alone("verify", "output/latest", folder=tmp_path).out
    assert crawl(target, tmp_path, "three", {}).code == 0
    assert (tmp_path / "output" / "latest").readlink() == Path("snapshot=three")


def test_a_folder_of_the_user_called_latest_stays_and_every_command_finds_the_newest_snapshot(
    target: Mapping[str, str], tmp_path: Path
) -> None:
    notes = tmp_path / "output" / "latest" / "notes.txt"
    notes.parent.mkdir(parents=True)
    notes.write_bytes(b"mine")
    for night in ("one", "two"):
        ended = crawl(target, tmp_path, night, {})
        assert ended.code == 0
        assert [one["event"] for one in warnings(ended)] == ["output.foreign"]
    assert notes.read_bytes() == b"mine"
    counted = run_alone("audit", "latest", "--fail-on", "never", folder=tmp_path)
    assert "snapshot two (complete)" in counted.out


@pytest.mark.parametrize(
    ("call", "failure", "words"),
    [
        ("os.ftruncate", "ENOSYS", "cannot append to a file, read it back and cut it (Function not implemented)"),
        ("os.rename", "EPERM", "cannot rename a file over another (Operation not permitted)"),
    ],
)
def test_where_nothing_can_be_proven_the_run_is_refused_before_the_first_request(
    target: Mapping[str, str], served: RunningEmulator, tmp_path: Path, call: str, failure: str, words: str
) -> None:
    before = served.counters()["requests"]
    ended = crawl(target, tmp_path, "one", {call: failure})
    assert ended.code == 74
    assert ended.last_line.startswith(f"swr-crawler: output/.work: its file system {words}: nothing can be published")
    assert served.counters()["requests"] == before


def test_a_quota_that_is_used_up_is_no_full_disk(target: Mapping[str, str], tmp_path: Path) -> None:
    ended = crawl(target, tmp_path, "one", {"os.fdatasync": "EDQUOT"})
    assert ended.code == 74
    assert "Disk quota exceeded; the quota of this user" in ended.last_line


def test_macos_has_no_fdatasync_and_syncs_to_the_disk(target: Mapping[str, str], tmp_path: Path) -> None:
    log = tmp_path / "calls"
    variables = other_system(MACOS, counted=["fcntl.fcntl", "os.fsync"], log=log)
    ended = run_alone("crawl", folder=tmp_path, environ={**target, **variables})
    assert ended.code == 0, ended.err
    assert warnings(ended) == []
    calls = Counter(line.partition(" ")[0] for line in log.read_text().splitlines() if line.startswith("os.fsync"))
    full = log.read_text().count("fcntl.fcntl (51,)")
    # Linux refuses the call of macOS (EINVAL), so that each is followed by an fsync.
    assert full == calls["os.fsync"] > 10
