"""Whatever system call of publishing fails, and however: what stands is said, and the exit code is true of it.

The law walks every call on the output from the end of the last page to the end of the process, reads and `close` too.
"""

import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from crawler.cli.console.exit_status import exit_code_of, exit_code_of_error
from crawler.crawl.engine import publisher
from crawler.crawl.engine.publisher import Publisher
from crawler.emulator.inventory.ndjson import synthetic
from crawler.emulator.server import RunningEmulator
from crawler.errors import DiskError
from crawler.snapshot.layout import LATEST
from crawler.snapshot.reader import open_snapshot
from crawler.snapshot.verify import verify
from tests.support.emulator_fixture import crawl, serve
from tests.support.failing_calls import FailingCalls, failing
from tests.support.sweeps import swept, visited

pytestmark = pytest.mark.unmeasured

SMALL: Final = synthetic(namespaces=2, repositories=24, seed=7, uniform=True)
ERRORS: Final = (errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.ESTALE, errno.EINTR)
ID: Final = "night"


@pytest.fixture(scope="module")
def served() -> Iterator[RunningEmulator]:
    with serve(SMALL) as running:
        yield running


class Outcome(NamedTuple):
    """The call that failed, "" for none, how the run ended, and the names of its calls."""

    failed: str
    code: int
    text: str
    calls: tuple[str, ...]


def run(served: RunningEmulator, output: Path, at: int, number: int) -> Outcome:
    calls = FailingCalls(output, at, number)
    real = Publisher.finish

    def finish(finishing: Publisher) -> None:
        calls.arm()
        real(finishing)

    with pytest.MonkeyPatch.context() as patches, failing(calls):
        patches.setattr(Publisher, "finish", finish)
        # The same calls in each run, however slow the machine is: one publication and one flush, the last ones.
        patches.setattr(publisher, "_BATCH_S", 3600.0)
        patches.setattr("crawler.store.disk_writer._FLUSH_S", 3600.0)
        try:
            result = crawl(served.endpoint, output, limit=4, concurrency=1, snapshot=ID)
        except DiskError as error:
            return Outcome(calls.failed, exit_code_of_error(error), str(error), tuple(calls.names))
    assert result.path is not None
    return Outcome(calls.failed, exit_code_of(result), "", tuple(calls.names))


def stands(output: Path) -> bool:
    path = output / f"snapshot={ID}"
    return path.is_dir() and verify(open_snapshot(path)).differences == ()


def check(served: RunningEmulator, output: Path, at: int, number: int) -> Outcome:
    outcome = run(served, output, at, number)
    call, _, path = outcome.failed.partition(" ")
    told = f"{outcome.failed} ({errno.errorcode[number]}) ended in {outcome.code}: {outcome.text}"
    is_visible = (output / LATEST).is_symlink() and (output / LATEST).readlink() == Path(f"snapshot={ID}")
    assert not (output / f"snapshot={ID}").exists() or stands(output), told
    if outcome.code == 0:
        assert stands(output), told
        assert is_visible, told
    else:
        assert outcome.code == 74, told
        assert ("is published, but" in outcome.text) == stands(output), told
        assert stands(output) or "rerun the command" in outcome.text, told
        assert str(output) in outcome.text, told
        # What stands and is visible is a success, but for a name of which it is not known whether it is durable,
        # or a snapshot that cannot be read back.
        assert not is_visible or path in {str(output), *map(str, output.glob("snapshot=*/**"))} or call == "stat", told
        assert call != "close" or not stands(output), told
    again = crawl(served.endpoint, output, limit=4, concurrency=1, snapshot=ID)
    assert (exit_code_of(again), stands(output), (output / LATEST).exists()) == (0, True, True), told
    return outcome


def walk(served: RunningEmulator, root: Path, numbers: tuple[int, ...], every: int = 1) -> list[Outcome]:
    """Make each `every`-th call fail, one after the other, and the first and the last one of each kind."""
    _, _, _, calls = check(served, root / "undisturbed", -1, errno.EIO)
    assert len(calls) > 60
    ends = [{name: at for at, name in numbered}.values() for numbered in (enumerate(calls), [*enumerate(calls)][::-1])]
    failing_at = sorted({*visited(calls, every), *ends[0], *ends[1]})
    outcomes = [check(served, root / str(at), at, numbers[at % len(numbers)]) for at in failing_at]
    return [outcome for outcome in outcomes if outcome.failed]


@swept(11)
def test_whichever_call_of_publishing_fails_the_exit_code_is_true_of_what_stands(
    served: RunningEmulator, tmp_path: Path, every: int
) -> None:
    outcomes = walk(served, tmp_path, ERRORS, every)
    codes = [outcome.code for outcome in outcomes]
    assert len(outcomes) > 60 // every
    assert codes.count(74) > 20 // every
    assert codes.count(0) > 20 // every
    assert {outcome.failed.split(" ")[0] for outcome in outcomes} >= {
        "close",
        "fsync",
        "rename",
        "replace",
        "open",
        "read",
    }


@pytest.mark.slow
@pytest.mark.parametrize("number", ERRORS)
def test_the_same_holds_for_every_error_number(served: RunningEmulator, tmp_path: Path, number: int) -> None:
    walk(served, tmp_path, (number,))
