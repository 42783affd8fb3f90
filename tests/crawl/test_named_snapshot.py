"""A command that names its snapshot means one run: given again it finds what that run published, and says so.

`--snapshot ID` in the hands of a scheduler that runs a job again until it ends with 0. Whatever instant the first run
was killed at, the last ones too, the same command ends as that run would have.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from crawler.cli.console.exit_status import exit_code_of
from crawler.cli.console.summary import summary
from crawler.crawl.result import RunResult
from crawler.emulator.inventory.ndjson import synthetic
from crawler.emulator.server import RunningEmulator
from crawler.errors import ConfigError
from crawler.snapshot.layout import LATEST
from crawler.snapshot.reader import open_snapshot
from crawler.snapshot.verify import verify
from crawler.store.output.run_state import read_state
from crawler.store.output.workspace import open_workspace
from tests.store.output.builders import HOUR_S, NOW, opened, published, resume_request, runs, unfinished
from tests.support.crash_fs import put, watched
from tests.support.emulator_fixture import TOKEN, crawl, serve, snapshot_of
from tests.support.sweeps import decides, swept

pytestmark = pytest.mark.usefixtures("lock_taken_over_at_once")

SMALL: Final = synthetic(namespaces=2, repositories=24, seed=7, uniform=True)
ID: Final = "2026-11-27"


@pytest.fixture
def served() -> Iterator[RunningEmulator]:
    with serve(SMALL) as running:
        yield running


def run(served: RunningEmulator, output: Path, **flags: Any) -> RunResult:  # noqa: ANN401 - as crawl
    return crawl(served.endpoint, output, **{"snapshot": ID, "limit": 4, "concurrency": 1, **flags})


def requests(served: RunningEmulator) -> int:
    number: int = served.counters()["requests"]
    return number


def test_the_same_command_ends_as_the_run_did_and_asks_for_nothing(served: RunningEmulator, tmp_path: Path) -> None:
    first = run(served, tmp_path)
    asked = requests(served)
    for _ in range(3):
        again = run(served, tmp_path)
        assert (exit_code_of(again), again.path, again.manifest) == (0, first.path, first.manifest)
        assert "a run of this command has published it already; nothing was requested now" in summary(again)
    assert requests(served) == asked
    assert "published it already" not in summary(first)


def test_the_same_command_of_an_incomplete_snapshot_ends_with_3_again(tmp_path: Path) -> None:
    with serve(SMALL, namespace_counts=False) as served:
        first = run(served, tmp_path, namespaces=SMALL.namespaces("self")[:1])
        again = run(served, tmp_path, namespaces=SMALL.namespaces("self")[:1])
    assert (exit_code_of(first), exit_code_of(again)) == (3, 3)
    assert again.path == first.path


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"centers": "self"}, "by a run of another plan"),
        ({"max_passes": 5}, "by a run of another plan"),
        ({"resume": False}, ""),
        ({"environ": {**TOKEN, "SWR_CRAWLER_AUTH": "aksk"}}, "by a run of other credentials"),
    ],
)
def test_another_command_with_that_id_is_refused_and_told_why(
    served: RunningEmulator, tmp_path: Path, changed: dict[str, Any], why: str
) -> None:
    run(served, tmp_path)
    if "environ" in changed:
        keys = {"SWR_CRAWLER_ACCESS_KEY": served.identity.ak, "SWR_CRAWLER_SECRET_KEY": served.identity.sk}
        changed = {"environ": {**changed["environ"], **keys}}
    with pytest.raises(ConfigError, match=f"snapshot: {ID} is published already.*{why}.*; choose another id"):
        run(served, tmp_path, **changed)
    assert exit_code_of(run(served, tmp_path)) == 0  # the refusal has changed nothing


def test_the_id_of_last_night_is_refused_and_said_to_be_so(tmp_path: Path) -> None:
    for age_s, is_found in ((HOUR_S - 1, True), (HOUR_S + 1, False)):
        output = tmp_path / str(age_s)
        unfinished(output, ID, age_s=age_s, named=True)
        published(output, ID, age_s=age_s, finished_age_s=age_s)
        if is_found:
            with open_workspace(output, resume_request(snapshot=ID), NOW) as workspace:
                assert workspace.published is not None
            assert runs(output) == {ID}
        else:
            with pytest.raises(ConfigError, match=r"already by a run that ended more than 3600 seconds ago \(resume_m"):
                opened(output, resume_request(snapshot=ID))
            assert runs(output) == set()


def test_a_run_that_lasted_for_longer_than_the_age_is_found_when_it_has_just_ended(tmp_path: Path) -> None:
    unfinished(tmp_path, ID, age_s=30 * HOUR_S, named=True)
    published(tmp_path, ID, age_s=30 * HOUR_S, finished_age_s=10.0)
    with open_workspace(tmp_path, resume_request(snapshot=ID), NOW) as workspace:
        assert workspace.published is not None


def test_what_is_kept_of_a_run_is_its_state_and_not_for_ever(served: RunningEmulator, tmp_path: Path) -> None:
    run(served, tmp_path)
    state = read_state(tmp_path / ".work" / ID)
    assert state is not None
    assert state.published
    assert {path.name for path in (tmp_path / ".work" / ID).iterdir()} == {".swr-crawler", "run.json"}
    with open_workspace(tmp_path, resume_request(plan="other"), state.started_at + timedelta(seconds=2 * HOUR_S)):
        assert ID not in runs(tmp_path)


def test_what_is_kept_of_a_run_does_not_move_latest_back(served: RunningEmulator, tmp_path: Path) -> None:
    run(served, tmp_path)
    newer = crawl(served.endpoint, tmp_path)
    for flags in ({}, {"snapshot": "third", "centers": "self"}):
        run(served, tmp_path, **flags)
        assert (tmp_path / LATEST).readlink() == Path(f"snapshot={flags.get('snapshot', newer.snapshot)}")


def test_a_snapshot_that_was_removed_is_crawled_again(served: RunningEmulator, tmp_path: Path) -> None:
    first = snapshot_of(run(served, tmp_path))
    first.rename(tmp_path / "moved")
    asked = requests(served)
    assert exit_code_of(run(served, tmp_path)) == 0
    assert requests(served) > asked


@pytest.mark.unmeasured
@swept(7)
def test_killed_at_any_operation_of_the_disk_the_same_command_ends_with_0_and_one_snapshot(
    served: RunningEmulator, tmp_path: Path, every: int
) -> None:
    root = tmp_path / "recorded"
    root.mkdir()
    with watched(root) as recording:
        run(served, root / "output")
    ends = 0
    for number, (what, after, tree) in enumerate(recording.crashes(0, ("killed", "power cut"))):
        if number % every and not (after and decides(recording.operations[after - 1])):
            continue
        put(tree, tmp_path / str(number))
        output = tmp_path / str(number) / "output"
        was_there = (output / f"snapshot={ID}").exists()
        ends += was_there
        asked = requests(served)
        for _ in range(2):
            result = run(served, output)
            assert exit_code_of(result) == 0, what
            assert [path.name for path in output.glob("snapshot=*")] == [f"snapshot={ID}"], what
            assert verify(open_snapshot(output / LATEST)).differences == (), what
        assert not was_there or requests(served) == asked, what
    assert ends > 5 // every
