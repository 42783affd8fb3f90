"""An error of the disk is exit code 74 and one line that says where; after it the same command resumes the run."""

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest

from crawler.cli.console.exit_status import exit_code_of
from crawler.crawl import run_output
from crawler.emulator.inventory.ndjson import synthetic
from crawler.emulator.server import RunningEmulator
from crawler.errors import DiskError
from crawler.snapshot.layout import PROBE
from tests.support.crash_fs import Recording, watched
from tests.support.emulator_fixture import TOKEN, crawl, parts, serve, snapshot_of
from tests.support.readers import visible_snapshots
from tests.support.sweeps import decides, swept, visited

pytestmark = pytest.mark.unmeasured

SMALL: Final = synthetic(namespaces=2, repositories=24, seed=7, uniform=True)
WALKS: Final = SMALL.namespaces("self")
ERRORS: Final = (errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT)
Undisturbed = tuple[dict[str, bytes], Recording]  # the parts that it published, and its operations on the disk
REMOVING: Final = frozenset({"unlink", "rmdir"})


@pytest.fixture(scope="module")
def served() -> Iterator[RunningEmulator]:
    with serve(SMALL) as running:
        yield running


def run(served: RunningEmulator, output: Path | str, **flags: Any) -> Path:  # noqa: ANN401 - as crawl
    result = crawl(served.endpoint, output, limit=4, concurrency=1, namespaces=WALKS, **flags)
    assert exit_code_of(result) == 0
    return snapshot_of(result)


@pytest.fixture(scope="module")
def undisturbed(served: RunningEmulator, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    root = tmp_path_factory.mktemp("undisturbed")
    with watched(root) as recording:
        snapshot = run(served, root / "output")
    return parts(snapshot), recording


@contextmanager
def disk_error_text() -> Iterator[list[str]]:
    """Yield a list that holds the text of a DiskError after the context, and is empty without one."""
    texts: list[str] = []
    try:
        yield texts
    except DiskError as error:
        texts.append(str(error))


class Refusal:
    """Makes operation number `at` fail, from 0; with `lasting` every later one too that needs space."""

    def __init__(self, at: int, number: int, *, lasting: bool) -> None:
        self._at = at
        self._number = number
        self._lasting = lasting
        self._calls = count()
        self.refused = ""

    def __call__(self, call: str, path: str) -> OSError | None:
        now = next(self._calls)
        if now == self._at or (self._lasting and now > self._at and call not in REMOVING):
            self.refused = self.refused or f"{call} {path}"
            return OSError(self._number, os.strerror(self._number))
        return None


class Vanishing:
    """Removes a folder before operation number `at`, from 0."""

    def __init__(self, folder: Path, at: int) -> None:
        self._folder = folder
        self._at = at
        self._calls = count()
        self.done = False

    def __call__(self, _call: str, _path: str) -> None:
        if next(self._calls) == self._at:
            self.done = True
            shutil.rmtree(self._folder)


def check(served: RunningEmulator, undisturbed: dict[str, bytes], root: Path, refusal: Refusal) -> bool:
    """Run on a disk that fails, then on one that does not; return whether the first run failed."""
    output = root / "output"
    root.mkdir()
    with watched(root.resolve(), refusal), disk_error_text() as errors_raised:
        run(served, output)
    failure = "".join(errors_raised)
    if failure:
        assert str(root) in failure
        assert "rerun the command" in failure or "is published, but" in failure
    found = visible_snapshots(output)
    assert found == [undisturbed] * len(found)
    assert ("is published" in failure) == (bool(failure) and bool(found))
    run(served, output)
    assert visible_snapshots(output) == [undisturbed] * (len(found) + 1)
    return bool(failure)


@swept(7)
def test_whichever_operation_fails_no_partial_snapshot_is_published_and_the_same_command_resumes(
    served: RunningEmulator, undisturbed: Undisturbed, tmp_path: Path, every: int
) -> None:
    whole_parts, recording = undisturbed
    failures = 0
    failing = visited(recording.operations, every, decides)
    for at in failing:
        refusal = Refusal(at, ERRORS[at % len(ERRORS)], lasting=at % 3 == 0)
        failed = check(served, whole_parts, tmp_path / str(at), refusal)
        assert failed or refusal.refused.split(" ")[0] in {*REMOVING, ""}, refusal.refused
        failures += failed
    assert failures > len(failing) - 10  # at the end there are only working files to remove


@pytest.mark.slow
@pytest.mark.parametrize("number", ERRORS)
@pytest.mark.parametrize("lasting", [False, True])
def test_the_same_holds_for_every_error_number(
    served: RunningEmulator,
    undisturbed: Undisturbed,
    tmp_path: Path,
    number: int,
    *,
    lasting: bool,
) -> None:
    whole_parts, recording = undisturbed
    for at in range(len(recording.operations)):
        check(served, whole_parts, tmp_path / str(at), Refusal(at, number, lasting=lasting))


@swept(9)
def test_an_output_that_vanishes_at_any_moment_is_a_disk_error_and_is_created_again(
    served: RunningEmulator, undisturbed: Undisturbed, tmp_path: Path, every: int
) -> None:
    whole_parts, recording = undisturbed
    errors = 0
    moments = range(3, len(recording.operations), every)
    for at in moments:
        root = tmp_path / str(at)
        root.mkdir()
        vanishing = Vanishing(root / "output", at)
        with watched(root.resolve(), vanishing), disk_error_text() as errors_raised:
            run(served, root / "output")
        text = "".join(errors_raised)
        assert str(root / "output") in text or not errors_raised
        assert "is published" not in text
        found = visible_snapshots(root / "output")
        assert found == ([] if vanishing.done else [whole_parts])
        run(served, root / "output")
        assert visible_snapshots(root / "output") == [*found, whole_parts]
        errors += len(errors_raised)
    assert errors > len(moments) - 2 - 12 // every  # at the end there are only working files to remove


# ---- real disks and real limits


def command(served: RunningEmulator, output: Path | str, *more: str) -> list[str]:
    walks = [part for name in WALKS for part in ("--namespace", name)]
    flags = ["--rate", "unlimited", "--limit", "4", "--progress", "off", *walks, *more]
    return [sys.executable, "-m", "crawler", "crawl", "--endpoint", served.endpoint, "--output", str(output), *flags]


def shell(script: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a script that calls the command as "$@"."""
    return subprocess.run(  # noqa: S603 - ourselves
        ["/bin/sh", "-c", script, "sh", *arguments],
        env={**os.environ, **TOKEN, "PYTHONUNBUFFERED": ""},  # the default
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_file_size_limit_is_a_disk_error_and_kills_no_process(
    served: RunningEmulator, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    uncounted = "unset COVERAGE_PROCESS_START COVERAGE_PROCESS_CONFIG"  # the coverage file would be too large as well
    uncached = "export PYTHONDONTWRITEBYTECODE=1"  # bytecode that is cut would break every later process
    completed = shell(f'{uncounted}; {uncached}; ulimit -f 4; exec "$@"', *command(served, tmp_path / "output"))
    assert (completed.returncode, completed.stdout) == (74, "")
    assert (
        "File too large; this process may write files of 2048 bytes at most: raise the limit with `ulimit -f`"
        in completed.stderr
    )
    assert str(tmp_path / "output") in completed.stderr
    assert "Traceback" not in completed.stderr
    assert visible_snapshots(tmp_path / "output") == []
    run(served, tmp_path / "output")
    assert visible_snapshots(tmp_path / "output") == [undisturbed[0]]


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Yield a function that mounts a small file system, or remounts it; skip the test without the permission."""
    place = tmp_path / "mounted"
    place.mkdir()
    tool, umount = shutil.which("mount"), shutil.which("umount")

    def mount(options: str) -> Path:
        if tool is None or umount is None:
            pytest.skip("there is no mount")
        mounting = subprocess.run(  # noqa: S603 - as the test says
            [tool, "-t", "tmpfs", "-o", options, "tmpfs", str(place)], capture_output=True, check=False
        )
        if mounting.returncode:
            pytest.skip("this user may not mount")
        return place / "output"

    yield mount
    while umount is not None and place.is_mount():
        subprocess.run([umount, str(place)], check=True)  # noqa: S603 - what we mounted


def test_a_run_on_a_disk_that_is_too_small_is_resumed_when_the_disk_is_larger(
    served: RunningEmulator, undisturbed: Undisturbed, mounted: Callable[[str], Path]
) -> None:
    sizes = range(0, 84, 4)
    ends = set()
    for size in sizes:
        output = mounted(f"size={size + 4}k")
        with disk_error_text() as errors_raised:
            run(served, output)
        assert "No space left on device" in "".join(errors_raised) or not errors_raised
        ends.add("refused" if errors_raised else "enough")
        found = visible_snapshots(output)
        mounted("remount,size=1m")
        run(served, output)
        assert visible_snapshots(output) == [undisturbed[0]] * (len(found) + 1)
    assert ends == {"enough", "refused"}


def test_a_read_only_file_system_is_a_disk_error(served: RunningEmulator, mounted: Callable[[str], Path]) -> None:
    with pytest.raises(DiskError, match="Read-only file system; name a place that can be written"):
        run(served, mounted("ro"))


# ---- streams


@pytest.mark.parametrize(
    ("output", "streams", "code"),
    [
        ("-", ">/dev/full", 74),
        ("-", ">/dev/full 2>/dev/full", 74),
        ("-", ">&-", 74),
        ("folder", "2>/dev/full", 0),
        ("folder", "<&- >&- 2>&-", 0),
        ("folder", "--summary-file /dev/full", 74),
        ("folder", "--progress on 2>/dev/full", 0),
    ],
)
def test_a_stream_that_cannot_be_written_is_a_disk_error_only_when_records_go_there(
    served: RunningEmulator, tmp_path: Path, output: str, streams: str, code: int
) -> None:
    completed = shell(f'"$@" {streams}', *command(served, "-" if output == "-" else tmp_path / "output"))
    assert completed.returncode == code, completed.stderr
    assert "Traceback" not in completed.stderr
    assert "fault" not in completed.stderr
    assert len(visible_snapshots(tmp_path / "output")) == (output == "folder")


@pytest.mark.parametrize("arguments", ["--version", "schema", "emulate --fault list"])
@pytest.mark.parametrize("stream", [">/dev/full", ">&-"])
def test_printed_output_that_cannot_be_written_is_a_disk_error(arguments: str, stream: str) -> None:
    completed = shell(f'"$@" {arguments} {stream}', sys.executable, "-m", "crawler")
    assert completed.returncode == 74
    assert "swr-crawler: standard output: " in completed.stderr
    assert completed.stderr.count("\n") == 1


def test_no_space_for_the_spool_of_a_stream_is_a_disk_error(
    served: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(prefix: str) -> str:  # noqa: ARG001 - as mkdtemp
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(run_output, "mkdtemp", full)
    with pytest.raises(
        DiskError,
        match=r"cannot use /.* for the pages of this run: No space left on device; free disk space there",
    ):
        crawl(served.endpoint, "-")


def test_a_run_that_was_killed_after_publishing_is_done_when_it_is_rerun(
    served: RunningEmulator, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    def refuse(call: str, path: str) -> OSError | None:
        is_latest = call == "symlink" and PROBE not in path
        return OSError(errno.EIO, "Input/output error") if is_latest else None

    with watched(tmp_path.resolve(), refuse), pytest.raises(DiskError, match="is published, but"):
        run(served, tmp_path / "output", snapshot="nightly")
    before = served.counters()["requests"]
    assert run(served, tmp_path / "output", snapshot="nightly").name == "snapshot=nightly"
    assert served.counters()["requests"] == before
    assert visible_snapshots(tmp_path / "output") == [undisturbed[0]]
    assert (tmp_path / "output" / "latest").readlink().name == "snapshot=nightly"
