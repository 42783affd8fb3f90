"""One output folder and one registry under any sequence of runs, kills and changes; the one law is always checked."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from crawler.cli.console.exit_status import exit_code_of
from crawler.emulator.faults.fault import Fault
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.inventory.ndjson import synthetic
from crawler.snapshot.manifest import Manifest
from crawler.snapshot.reader import open_snapshot
from crawler.snapshot.verify import verify
from crawler.store.output.published_runs import runs_in
from tests.support.emulator_fixture import TOKEN, crawl, port_of, serve
from tests.support.oracle import ServerHistory, violations
from tests.support.process_kill import KILLED, CallAtRequest, KillableCrawl

ENVIRON: Final = {**TOKEN, "SWR_CRAWLER_MAX_BODY_BYTES": "1000000"}


class Scenario:
    """A registry of `repositories` repositories, crawled into `output` again and again.

    Every run and kill raises AssertionError for a violation of the law. `counts` counts what happened.
    """

    def __init__(self, output: Path, *, repositories: int, limit: int, double_read: bool, by_namespace: bool) -> None:
        self.counts: Counter[str] = Counter()
        self._output = output
        self._inventory = synthetic(namespaces=3, repositories=repositories, seed=7)
        self._settings: dict[str, Any] = {
            "double_read": double_read,
            "limit": limit,
            "timeout_s": 0.3,
            "environ": ENVIRON,
        }
        if by_namespace:
            self._settings["namespaces"] = self._inventory.namespaces("self")
        self._port = 0
        self._steps: list[str] = []  # what a violation needs to be understood
        self._published: set[Path] = set()
        self._shown: ServerHistory | None = None  # since the unfinished run began

    def change(self, index: int, *, grows: bool) -> None:
        """Add or remove one row, between two runs."""
        before = self._inventory
        self._steps.append(f"{'add' if grows else 'remove'} {index}")
        self._inventory = before.with_copies(index, ["0-new"]) if grows else before.without(index)
        if self._shown is not None:
            self._shown = self._shown.then(ServerHistory.of(self._inventory))

    def run(self, texts: Sequence[str], concurrency: int) -> int:
        """Crawl a service with these faults, however it ends; return the exit code."""
        self._steps.append(f"run, {concurrency} at once: {' '.join(texts)}")
        faults = [parse_fault(text) for text in texts]
        with serve(self._inventory, port=self._port, faults=tuple(faults)) as served:
            self._port = port_of(served)
            result = crawl(served.endpoint, self._output, concurrency=concurrency, **self._settings)
        exit_code = exit_code_of(result)
        self._steps.append(f"ended with {exit_code}: {result.failure()}")
        return self._check(faults, served.counters(), exit_code)

    def kill(self, texts: Sequence[str], concurrency: int, at: int) -> int:
        """Crawl, and kill the process at request number `at`, if there is one; return the exit code."""
        self._steps.append(f"killed at request {at}, {concurrency} at once: {' '.join(texts)}")
        faults = [parse_fault(text) for text in texts]
        crawler = KillableCrawl()
        with serve(self._inventory, port=self._port, faults=(*faults, CallAtRequest(at, crawler.kill))) as served:
            self._port = port_of(served)
            exit_code = crawler.crawl(served.endpoint, str(self._output), concurrency=concurrency, **self._settings)
        return self._check(faults, served.counters(), exit_code)

    def end(self) -> None:
        """Crawl the service without faults: the resumed run, or a new one, must publish a lawful snapshot."""
        exit_code = self.run([], 4)
        assert exit_code in {0, 3}, self._steps

    def _check(self, faults: Sequence[Fault], counters: dict[str, Any], exit_code: int) -> int:
        now = ServerHistory.of(self._inventory, faults, counters["requests"])
        shown = now if self._shown is None else self._shown.then(now)
        new = set(self._output.glob("snapshot=*")) - self._published
        self._published |= new
        if exit_code in {0, 3}:
            (snapshot,) = new
            found = violations(snapshot, exit_code, shown, double_read=self._settings["double_read"])
            assert not found, (*self._steps, *found)
            assert exit_code == 3 or not list(self._output.glob(".work/*/"))
        else:
            # 78: the service refuses every form of a request; like 75 and 77, it must publish nothing
            assert exit_code in {KILLED, 75, 77, 78}, exit_code
            for snapshot in new:
                assert exit_code == KILLED, "published, but the exit code says otherwise"
                assert verify(open_snapshot(snapshot)).differences == ()
        goes_on = any(run.state.goes_on for run in runs_in(self._output / ".work"))
        self._shown = None if new and not goes_on else shown
        self._count(counters, exit_code, [open_snapshot(snapshot).manifest for snapshot in new])
        return exit_code

    def _count(self, counters: dict[str, Any], exit_code: int, manifests: list[Manifest]) -> None:
        self.counts["runs"] += 1
        self.counts["requests"] += counters["requests"]
        self.counts["faults triggered"] += sum(counters["faults"])
        self.counts["killed" if exit_code == KILLED else f"exit code {exit_code}"] += 1
        for manifest in manifests:
            self.counts["resumed"] += manifest.resumed > 0
            for walk in manifest.walks:
                self.counts["records"] += walk.records
                self.counts[f"walks {walk.verdict}"] += 1
