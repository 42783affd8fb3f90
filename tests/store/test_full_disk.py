"""What the disk refuses ends in exit code 74 and one line that says where; with room again the same command goes on."""

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

from crawler.emulator.inventory.ndjson import synthetic
from crawler.emulator.server import RunningEmulator
from crawler.errors import DiskError
from crawler.files.disk_errors import ADVICE
from tests.support.crash_fs import Recording, unsynced, watched
from tests.support.emulator_fixture import TOKEN, crawl, parts, serve, whole
from tests.support.readers import seen

SMALL: Final = synthetic(namespaces=2, repositories=24, seed=7, uniform=True)
WALKS: Final = SMALL.namespaces("self")
ERRORS: Final = (errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT)
Undisturbed = tuple[dict[str, bytes], Recording]  # what it published and what it did
REMOVING: Final = frozenset({"unlink", "rmdir"})


@pytest.fixture(autouse=True, scope="module")
def quick_disk() -> Iterator[None]:
    with unsynced():
        yield


@pytest.fixture(scope="module")
def served() -> Iterator[RunningEmulator]:
    with serve(SMALL) as running:
        yield running


def run(served: RunningEmulator, output: Path | str, **flags: Any) -> Path:  # noqa: ANN401 - as crawl
    result = crawl(served.endpoint, output, limit=4, concurrency=1, namespaces=WALKS, **flags)
    assert result.exit_code == 0
    return whole(result)


@pytest.fixture(scope="module")
def undisturbed(served: RunningEmulator, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    root = tmp_path_factory.mktemp("undisturbed")
    with watched(root) as recording:
        snapshot = run(served, root / "output")
    return parts(snapshot), recording


@contextmanager
def told() -> Iterator[list[str]]:
    """Give what a disk error says, nothing when there is none."""
    said: list[str] = []
    try:
        yield said
    except DiskError as error:
        said.append(str(error))


class Refusal:
    """Lets the operation number `at` fail, from 0; with `lasting` every later one too that needs room."""

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
    """Removes a folder before the operation number `at`, from 0."""

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
    """Run on a disk that refuses, then on one that doesn't; say whether the first run failed."""
    output = root / "output"
    root.mkdir()
    with watched(root.resolve(), refusal), told() as caught:
        run(served, output)
    failure = "".join(caught)
    if failure:
        assert str(root) in failure
        assert "rerun the command" in failure or "is published, but" in failure
    found = seen(output)
    assert found == [undisturbed] * len(found)
    assert ("is published" in failure) == (bool(failure) and bool(found))
    run(served, output)
    assert seen(output) == [undisturbed] * (len(found) + 1)
    return bool(failure)


def test_whichever_operation_is_refused_nothing_half_is_published_and_the_same_command_goes_on(
    served: RunningEmulator, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    whole_parts, recording = undisturbed
    failures = 0
    for at in range(len(recording.operations)):
        refusal = Refusal(at, ERRORS[at % len(ERRORS)], lasting=at % 3 == 0)
        failed = check(served, whole_parts, tmp_path / str(at), refusal)
        assert failed or refusal.refused.split(" ")[0] in {*REMOVING, ""}, refusal.refused
        failures += failed
    assert failures > len(recording.operations) - 10  # at the end there are only working files to remove


@pytest.mark.slow
@pytest.mark.parametrize("number", ERRORS)
@pytest.mark.parametrize("lasting", [False, True])
def test_whatever_the_refusal_is(
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


def test_an_output_that_vanishes_at_any_moment_is_a_disk_error_and_made_again(
    served: RunningEmulator, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    whole_parts, recording = undisturbed
    errors = 0
    for at in range(3, len(recording.operations), 2):
        root = tmp_path / str(at)
        root.mkdir()
        vanishing = Vanishing(root / "output", at)
        with watched(root.resolve(), vanishing), told() as caught:
            run(served, root / "output")
        said = "".join(caught)
        assert str(root / "output") in said or not caught
        assert "is published" not in said
        found = seen(root / "output")
        assert found == ([] if vanishing.done else [whole_parts])
        run(served, root / "output")
        assert seen(root / "output") == [*found, whole_parts]
        errors += len(caught)
    assert errors > len(recording.operations) // 2 - 8  # at the end there are only working files to remove


# ---- real disks and real limits


def command(served: RunningEmulator, output: Path | str, *more: str) -> list[str]:
    walks = [part for name in WALKS for part in ("--namespace", name)]
    flags = ["--rate", "unlimited", "--limit", "4", "--progress", "off", *walks, *more]
    return [sys.executable, "-m", "crawler", "crawl", "--endpoint", served.endpoint, "--output", str(output), *flags]


def shell(script: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a script that calls the command as "$@"."""
    return subprocess.run(  # noqa: S603 - ourselves
        ["/bin/sh", "-c", script, "sh", *arguments],
        env={**os.environ, **TOKEN, "PYTHONUNBUFFERED": ""},  # as users have it
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_limit_on_the_size_of_files_is_a_disk_error_and_no_death_by_signal(
    served: RunningEmulator, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    uncounted = "unset COVERAGE_PROCESS_START COVERAGE_PROCESS_CONFIG"  # whose file would be too large as well
    said = shell(f'{uncounted}; ulimit -f 4; exec "$@"', *command(served, tmp_path / "output"))
    assert (said.returncode, said.stdout) == (74, "")
    assert f"File too large; {ADVICE}" in said.stderr
    assert str(tmp_path / "output") in said.stderr
    assert "Traceback" not in said.stderr
    assert seen(tmp_path / "output") == []
    run(served, tmp_path / "output")
    assert seen(tmp_path / "output") == [undisturbed[0]]


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mount a small file system, or the same one again with other options; skip where that is not allowed."""
    place = tmp_path / "mounted"
    place.mkdir()
    tool, umount = shutil.which("mount"), shutil.which("umount")

    def mount(options: str) -> Path:
        if tool is None or umount is None:
            pytest.skip("there is no mount")
        done = subprocess.run(  # noqa: S603 - as the test says
            [tool, "-t", "tmpfs", "-o", options, "tmpfs", str(place)], capture_output=True, check=False
        )
        if done.returncode:
            pytest.skip("this user may not mount")
        return place / "output"

    yield mount
    while umount is not None and place.is_mount():
        subprocess.run([umount, str(place)], check=True)  # noqa: S603 - what we mounted


def test_a_small_disk_of_any_size_is_refused_or_enough_and_goes_on_when_it_is_larger(
    served: RunningEmulator, undisturbed: Undisturbed, mounted: Callable[[str], Path]
) -> None:
    sizes = range(0, 84, 4)
    ends = set()
    for size in sizes:
        output = mounted(f"size={size + 4}k")
        with told() as caught:
            run(served, output)
        assert "No space left on device" in "".join(caught) or not caught
        ends.add("refused" if caught else "enough")
        found = seen(output)
        mounted("remount,size=1m")
        run(served, output)
        assert seen(output) == [undisturbed[0]] * (len(found) + 1)
    assert ends == {"enough", "refused"}


def test_a_disk_that_can_only_be_read_is_a_disk_error(served: RunningEmulator, mounted: Callable[[str], Path]) -> None:
    with pytest.raises(DiskError, match=f"Read-only file system; {ADVICE}"):
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
def test_a_stream_that_takes_nothing_is_a_disk_error_where_records_go_there_and_harmless_elsewhere(
    served: RunningEmulator, tmp_path: Path, output: str, streams: str, code: int
) -> None:
    said = shell(f'"$@" {streams}', *command(served, "-" if output == "-" else tmp_path / "output"))
    assert said.returncode == code, said.stderr
    assert "Traceback" not in said.stderr
    assert "fault" not in said.stderr
    assert len(seen(tmp_path / "output")) == (output == "folder")


@pytest.mark.parametrize("arguments", ["--version", "schema", "emulate --fault list"])
@pytest.mark.parametrize("stream", [">/dev/full", ">&-"])
def test_what_is_printed_and_not_taken_is_a_disk_error(arguments: str, stream: str) -> None:
    said = shell(f'"$@" {arguments} {stream}', sys.executable, "-m", "crawler")
    assert said.returncode == 74
    assert "swr-crawler: standard output: " in said.stderr
    assert said.stderr.count("\n") == 1


def test_no_room_for_the_spool_of_a_stream_is_a_disk_error(
    served: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(prefix: str) -> str:  # noqa: ARG001 - as mkdtemp
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("crawler.crawl.run_output.mkdtemp", full)
    with pytest.raises(DiskError, match=f"TMPDIR: No space left on device; {ADVICE}"):
        crawl(served.endpoint, "-")


def test_a_run_that_had_published_before_it_was_killed_is_done_when_it_is_asked_for_again(
    served: RunningEmulator, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    def refuse(call: str, path: str) -> OSError | None:  # noqa: ARG001 - as Refuse
        return OSError(errno.EIO, "Input/output error") if call == "symlink" else None

    with watched(tmp_path.resolve(), refuse), pytest.raises(DiskError, match="is published, but"):
        run(served, tmp_path / "output", snapshot="nightly")
    before = served.counters()["requests"]
    assert run(served, tmp_path / "output", snapshot="nightly").name == "snapshot=nightly"
    assert served.counters()["requests"] == before
    assert seen(tmp_path / "output") == [undisturbed[0]]
    assert (tmp_path / "output" / "latest").readlink().name == "snapshot=nightly"
