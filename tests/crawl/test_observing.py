"""Laws of what an observer of a whole run is told: each request once, in order, and what the manifest says."""

from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from crawler.cli.console.exit_status import exit_code_of
from crawler.crawl.observing.events import CrawlStarted, PageRead, RequestEnded, RunEnded, RunStarted, SnapshotPublished
from crawler.crawl.observing.observer import Observer
from crawler.crawl.observing.observers import EVENTS
from crawler.crawl.observing.run_statistics import RunStatistics
from crawler.crawl.result import RunResult
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.inventory.ndjson import Inventory, synthetic
from crawler.errors import InterruptedRunError
from crawler.model.stop_reason import StopReason
from crawler.snapshot.reader import open_snapshot
from crawler.store.journal import RestartEntry
from crawler.store.spool import open_spool
from tests.crawl.test_moving_ties import equal_rows
from tests.emulator.client import inventory_of, item
from tests.support.emulator_fixture import TOKEN, QuickClock, configure, parts, port_of, serve, snapshot_of
from tests.support.event_recorder import Recorder
from tests.support.running import run_crawl

pytestmark = pytest.mark.unmeasured

SMALL: Final = synthetic(namespaces=3, repositories=60, seed=7, uniform=True)


class Stop:
    """Asks a run to stop as soon as `asked` is set."""

    def __init__(self) -> None:
        self.asked = False

    def watch(self) -> None:
        pass

    def reason(self) -> StopReason | None:
        return None

    async def wait(self) -> StopReason:
        while not self.asked:
            await QuickClock().sleep(0)
        return StopReason("signal", 15)


class StopAfter(Recorder):
    """Asks `stop` to stop the run after so many pages, 0 for its start."""

    def __init__(self, stop: Stop, pages: int) -> None:
        super().__init__()
        self._stop = stop
        self._pages = pages

    def noting(self, event: str, *, fails: bool) -> Callable[[object], None]:
        tell = super().noting(event, fails=fails)

        def note(value: object) -> None:
            tell(value)
            if event in {"on_run_start", "on_page"}:
                self._stop.asked |= len(self.of("on_page")) >= self._pages

        return note


class Scenario(NamedTuple):
    """What a run meets: faults of the service, its inventory, and the settings of the run."""

    faults: tuple[str, ...] = ()
    inventory: Inventory = SMALL
    flags: dict[str, Any] = {}  # noqa: RUF012 - nobody changes it
    environ: dict[str, str] = TOKEN


EQUAL: Final = equal_rows()
BY_NAME: Final = {**TOKEN, "SWR_CRAWLER_ORDER": "name,updated_at,none"}
SELF: Final[dict[str, Any]] = {"centers": "self"}
SCENARIOS: Final = {
    "healthy": Scenario(),
    "by namespace": Scenario(flags={"discover": True}),
    "errors": Scenario(("burst:first=3,status=502",)),
    "throttled": Scenario(("throttle:first=2,retry_after_s=2",)),
    "throttled discovery": Scenario(("throttle:first=2,retry_after_s=2",), flags={"discover": True}),
    "broken window": Scenario(("fail-window:offset=10",)),
    "other dialect": Scenario(("refuse-direct-parameters",)),
    "no list": Scenario(("refuse-empty",), inventory_of(), flags=SELF),
    "odd fields": Scenario(("odd-field:field=tags,value=list",)),
    "unknown fields": Scenario(inventory=inventory_of(item("a", zz=1), item("b")), flags=SELF),
    "cache": Scenario(("from-cache:first=1",)),
    "repeats": Scenario(("missing-total:in_items=false", "repeat-late:every=2,with_id=false")),
    "credentials end": Scenario(("unauthorized:after_requests=7",)),
    "moving rows": Scenario(("unstable-ties:rows=all",), EQUAL, SELF, BY_NAME),
    "moving rows, one list": Scenario(("unstable-ties:rows=all", "ignore-namespace"), EQUAL, SELF, BY_NAME),
    "invalid names": Scenario(
        inventory=inventory_of(item("a", namespace="../up"), item("b")), flags={"discover": True}
    ),
}


def run(scenario: Scenario, output: Path, observer: Observer | None, *, port: int = 0) -> tuple[RunResult, int, int]:
    """Crawl; return the result, the number of requests that the service got, and its port."""
    faults = tuple(map(parse_fault, scenario.faults))
    clock = QuickClock()
    with serve(scenario.inventory, faults=faults, port=port, clock=lambda: clock.utc().timestamp()) as served:
        flags = {"limit": 10, "concurrency": 1, **scenario.flags}
        config = configure(served.endpoint, output, environ=scenario.environ, **flags)
        result = run_crawl(config, scenario.environ, observer=observer, clock=clock)
        return result, served.counters()["requests"], port_of(served)


def published(result: RunResult) -> object:
    """Return what a run has to show, whatever observes it; the order of records may depend on the order of answers."""
    files = {} if result.path is None else parts(snapshot_of(result))
    records = {name: sorted(content.splitlines()) for name, content in files.items()}
    return exit_code_of(result), result.status, [walk.verdict for walk in result.walks], records


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_request_of_a_run_is_one_request_event(name: str, tmp_path: Path) -> None:
    recorder = Recorder()
    result, requests, _ = run(SCENARIOS[name], tmp_path, recorder)
    told: list[RequestEnded] = recorder.of("on_request")
    assert len(told) == requests
    assert Counter(str(one.status) for one in told) >= sum((one.by_status for one in result.stats), Counter())


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_the_observers_counted_is_what_the_run_counted(name: str, tmp_path: Path) -> None:
    recorder, counts = Recorder(), RunStatistics()
    result, _, _ = run(SCENARIOS[name], tmp_path, recorder)
    (crawl,) = recorder.of("on_crawl_start")
    for stats in crawl.targets:
        counts.begin(stats.copy())
    after = recorder.names.index("on_crawl_start")
    for event, value in recorder.told[after:]:
        getattr(counts, event)(value)
    assert counts.targets == result.stats
    assert recorder.of("on_run_end")[0].targets == result.stats


# Where each event is told; the others have their own tests.
TOLD_IN: Final = {
    **dict.fromkeys(("on_run_start", "on_crawl_start", "on_crawl_end", "on_publish", "on_run_end"), "healthy"),
    **dict.fromkeys(("on_walk_start", "on_walk_end", "on_request", "on_page"), "healthy"),
    **dict.fromkeys(("on_window_put_off", "on_window_lost", "on_window_unread"), "broken window"),
    **dict.fromkeys(("on_dialect", "on_step_down"), "other dialect"),
    "on_retry": "errors",
    "on_throttle": "throttled",
    "on_invalid_fields": "odd fields",
    "on_unknown_fields": "unknown fields",
    "on_cached_page": "cache",
    "on_doubtful_page": "repeats",
    "on_target_stop": "credentials end",
    "on_walk_split": "moving rows",
    "on_walk_not_split": "moving rows, one list",
    "on_invalid_namespaces": "invalid names",
}
TOLD_ELSEWHERE: Final = {
    "on_discovery_retry": "test_discovery.py",
    "on_namespaces_unknown": "test_split.py",
    "on_unconfirmed_page": "test_uncertain_pages.py",
    "on_walk_reopen": "test_uncertain_pages.py",
    "on_resume": "below",
    "on_journal_truncated": "below",
    "on_stop_request": "below",
}


def failures(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [vars(record)["method"] for record in caplog.records if record.message == "observer.failed"]


@pytest.mark.parametrize(("event", "name"), TOLD_IN.items())
def test_an_observer_that_raises_at_any_event_changes_nothing_and_is_warned_of_once(
    event: str, name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    undisturbed, _, _ = run(SCENARIOS[name], tmp_path / "undisturbed", None)
    failing = Recorder(event)
    result, _, _ = run(SCENARIOS[name], tmp_path / "failing", failing)
    assert failing.names.count(event) == 1
    assert failing.names[-1] == event, "it is not called again"
    assert failures(caplog) == [event]
    assert published(result) == published(undisturbed)


def test_each_event_is_told_in_some_test() -> None:
    assert {*TOLD_IN, *TOLD_ELSEWHERE} == set(EVENTS)
    assert not {*TOLD_IN} & {*TOLD_ELSEWHERE}


def test_no_observer_of_our_own_fails(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name, scenario in SCENARIOS.items():
        run(scenario, tmp_path / name, None)
    assert failures(caplog) == []


def test_events_come_in_the_order_of_the_run(tmp_path: Path) -> None:
    recorder = Recorder()
    result, _, _ = run(SCENARIOS["by namespace"], tmp_path, recorder)
    names, turning_points = (
        recorder.names,
        ("on_run_start", "on_crawl_start", "on_crawl_end", "on_publish", "on_run_end"),
    )
    assert [name for name in names if name in turning_points] == list(turning_points)
    assert (names[0], names[-1]) == ("on_run_start", "on_run_end")
    between = {*names[names.index("on_crawl_start") + 1 : names.index("on_crawl_end")]}
    assert between == {"on_request", "on_page", "on_walk_start", "on_walk_end"}
    assert names[1 : names.index("on_crawl_start")] == ["on_request"], "the list of namespaces"
    (started,) = recorder.of("on_run_start")
    assert started == RunStarted(result.snapshot, result.started_at, 0)


def test_what_is_told_of_the_end_is_what_is_on_disk(tmp_path: Path) -> None:
    recorder = Recorder()
    result, _, _ = run(SCENARIOS["broken window"], tmp_path, recorder)
    (told,) = recorder.of("on_publish")
    assert told == SnapshotPublished(snapshot_of(result), open_snapshot(snapshot_of(result)).manifest)
    verdicts = [ended.judgement.verdict for ended in recorder.of("on_walk_end")]
    assert sorted(verdicts) == sorted(walk.verdict for walk in told.manifest.walks)
    (ended,) = recorder.of("on_run_end")
    assert (ended.status, ended.path, ended.error) == ("incomplete", result.path, None)
    assert (ended.stop_reason, ended.errors) == (StopReason("done"), {})


def test_the_requests_that_the_manifest_counts_are_the_request_events(tmp_path: Path) -> None:
    recorder = Recorder()
    result, _, _ = run(SCENARIOS["errors"], tmp_path, recorder)
    assert sum(walk.requests for walk in result.walks) == len(recorder.of("on_request"))
    assert sum(walk.records for walk in result.walks) == sum(page.records for page in recorder.of("on_page"))


def test_a_resumed_run_tells_each_page_once_and_what_earlier_processes_read_as_counts(tmp_path: Path) -> None:
    before, after = Recorder(), Recorder()
    first, _, port = run(SCENARIOS["credentials end"], tmp_path, before)
    result, _, _ = run(SCENARIOS["healthy"], tmp_path, after, port=port)
    assert (exit_code_of(first), exit_code_of(result)) == (77, 0)
    pages: list[PageRead] = [*before.of("on_page"), *after.of("on_page")]
    assert len({(page.walk, page.window) for page in pages}) == len(pages) == result.stats[0].pages
    assert sum(page.records for page in pages) == sum(walk.records for walk in result.walks)
    assert after.names[:3] == ["on_run_start", "on_resume", "on_crawl_start"]
    (resumed,), (crawl,) = after.of("on_resume"), after.of("on_crawl_start")
    assert isinstance(crawl, CrawlStarted)
    assert resumed.windows == crawl.targets[0].windows_done == len(before.of("on_page"))
    assert crawl.targets[0].records == sum(page.records for page in before.of("on_page"))
    assert after.of("on_run_start")[0].resumed == 1


def test_an_observer_that_raises_at_a_resume_changes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    _, _, port = run(SCENARIOS["credentials end"], tmp_path, None)
    result, _, _ = run(SCENARIOS["healthy"], tmp_path, Recorder("on_resume"), port=port)
    assert (exit_code_of(result), failures(caplog)) == (0, ["on_resume"])


def test_a_journal_that_contradicts_the_plan_is_told_and_what_it_said_is_not_counted(tmp_path: Path) -> None:
    _, _, port = run(SCENARIOS["credentials end"], tmp_path, None)
    (journal,) = tmp_path.glob(".work/*/journal")
    with closing(open_spool(journal.parent)) as spool:
        for _ in spool.replay():
            pass
        spool.append_note(RestartEntry(99))  # the plan has no such walk
        spool.flush()
    recorder = Recorder()
    result, _, _ = run(SCENARIOS["healthy"], tmp_path, recorder, port=port)
    assert recorder.names[:4] == ["on_run_start", "on_journal_truncated", "on_resume", "on_crawl_start"]
    (resumed,), (crawl,) = recorder.of("on_resume"), recorder.of("on_crawl_start")
    assert (resumed.windows, resumed.truncated_bytes > 0) == (0, True)
    assert (crawl.targets[0].pages, crawl.targets[0].walks_started) == (0, 0)
    assert (exit_code_of(result), result.stats[0].pages) == (0, len(recorder.of("on_page")))


def test_no_observer_can_change_what_the_run_says_of_itself(tmp_path: Path) -> None:
    class Meddling(Observer):
        def on_crawl_start(self, crawl: CrawlStarted, /) -> None:
            for stats in crawl.targets:
                stats.pages += 1000

        def on_run_end(self, run: RunEnded, /) -> None:
            for stats in run.targets:
                stats.error = ""
            run.errors.clear()  # type: ignore[attr-defined]

    result, _, _ = run(SCENARIOS["credentials end"], tmp_path, Meddling())
    assert exit_code_of(result) == 77
    assert list(result.errors) == ["default"]
    assert (result.stats[0].pages < 10, bool(result.stats[0].error)) == (True, True)


def test_a_stop_is_told_and_the_run_ends_with_its_signal(tmp_path: Path) -> None:
    stop = Stop()
    recorder = StopAfter(stop, 3)
    with serve(SMALL) as served:
        config = configure(served.endpoint, tmp_path, limit=10, concurrency=1)
        result = run_crawl(config, TOKEN, observer=recorder, stop=stop, clock=QuickClock())
    assert result.stop_reason == StopReason("signal", 15)
    assert [one.signal_number for one in recorder.of("on_stop_request")] == [15]
    assert recorder.names[-2:] == ["on_crawl_end", "on_run_end"]
    (ended,) = recorder.of("on_run_end")
    assert (ended.status, ended.stop_reason, ended.error) == (None, StopReason("signal", 15), None)


def test_a_run_that_an_error_ends_has_an_end_too(tmp_path: Path) -> None:
    stop = Stop()
    recorder = StopAfter(stop, 0)
    with serve(SMALL) as served:
        config = configure(served.endpoint, tmp_path, discover=True)
        with pytest.raises(InterruptedRunError):
            run_crawl(config, TOKEN, observer=recorder, stop=stop, clock=QuickClock())
    assert recorder.names[0] == "on_run_start"
    assert recorder.names.count("on_run_end") == 1
    ended: RunEnded = recorder.of("on_run_end")[0]
    assert isinstance(ended.error, InterruptedRunError)
    assert (ended.status, ended.stop_reason, ended.targets) == (None, None, ())


def test_a_snapshot_that_an_earlier_process_published_is_told_once_more(tmp_path: Path) -> None:
    named = Scenario(flags={"snapshot": "2026-11-27"})
    first, again = Recorder(), Recorder()
    _, _, port = run(named, tmp_path, first)
    run(named, tmp_path, again, port=port)
    assert again.names == ["on_run_start", "on_publish", "on_run_end"]
    assert again.of("on_publish") == first.of("on_publish")
    assert again.of("on_run_end")[0].status == "complete"
