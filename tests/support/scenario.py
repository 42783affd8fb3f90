"""One output folder and one registry under any history of runs, kills and changes, held to the one law throughout."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from crawler.emulator.faults.fault import Fault
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.inventory.ndjson import synthetic
from crawler.snapshot.manifest import Manifest
from crawler.snapshot.reader import open_snapshot
from crawler.snapshot.verify import verify
from tests.support.emulator_fixture import TOKEN, crawl, port_of, serve
from tests.support.oracle import Seen, breaches
from tests.support.process_kill import KILLED, Strike, Victim

ENVIRON: Final = {**TOKEN, "SWR_CRAWLER_MAX_BODY_BYTES": "1000000"}


class History:
    """What happens to a registry of so many `repositories`, crawled into `output`.

    Every run and kill raises AssertionError for what the law forbids. `counts` says what there was.
    """

    def __init__(self, output: Path, *, repositories: int, limit: int, double_read: bool, by_namespace: bool) -> None:
        self.counts: Counter[str] = Counter()
        self._output = output
        self._inventory = synthetic(namespaces=3, repositories=repositories, seed=7)
        self._how: dict[str, Any] = {"double_read": double_read, "limit": limit, "timeout_s": 0.3, "environ": ENVIRON}
        if by_namespace:
            self._how["namespaces"] = self._inventory.namespaces("self")
        self._port = 0
        self._done: set[Path] = set()
        self._seen: Seen | None = None  # since the unfinished run began

    def change(self, index: int, *, grows: bool) -> None:
        """Have a row more or less, between two runs."""
        before = self._inventory
        self._inventory = before.with_copies(index, ["0-new"]) if grows else before.without(index)
        if self._seen is not None:
            self._seen = self._seen.then(Seen.of(self._inventory))

    def run(self, texts: Sequence[str], room: int) -> int:
        """Crawl a service with these faults to whatever end they lead; give the exit code."""
        faults = [parse_fault(text) for text in texts]
        with serve(self._inventory, port=self._port, faults=tuple(faults)) as served:
            self._port = port_of(served)
            exit_code = crawl(served.endpoint, self._output, concurrency=room, **self._how).exit_code
        return self._judge(faults, served.counters(), exit_code)

    def kill(self, texts: Sequence[str], room: int, at: int) -> int:
        """Crawl until the request `at`, if there are so many; give the exit code."""
        faults = [parse_fault(text) for text in texts]
        victim = Victim()
        with serve(self._inventory, port=self._port, faults=(*faults, Strike(at, victim.kill))) as served:
            self._port = port_of(served)
            exit_code = victim.crawl(served.endpoint, str(self._output), concurrency=room, **self._how)
        return self._judge(faults, served.counters(), exit_code)

    def end(self) -> None:
        """Crawl the service when it is well: the run that goes on, or the next one, ends with a lawful snapshot."""
        assert self.run([], 4) in {0, 3}

    def _judge(self, faults: Sequence[Fault], counters: dict[str, Any], exit_code: int) -> int:
        now = Seen.of(self._inventory, faults, counters["requests"])
        seen = now if self._seen is None else self._seen.then(now)
        new = set(self._output.glob("snapshot=*")) - self._done
        self._done |= new
        if exit_code in {0, 3}:
            (snapshot,) = new
            assert breaches(snapshot, exit_code, seen, double_read=self._how["double_read"]) == []
            assert not list(self._output.glob(".work/*/"))
        else:
            assert exit_code in {KILLED, 75, 77}, exit_code
            for snapshot in new:
                assert exit_code == KILLED, "published and not said so"
                assert verify(open_snapshot(snapshot)).differences == ()
        self._seen = None if new else seen
        self._count(counters, exit_code, [open_snapshot(snapshot).manifest for snapshot in new])
        return exit_code

    def _count(self, counters: dict[str, Any], exit_code: int, manifests: list[Manifest]) -> None:
        self.counts["runs"] += 1
        self.counts["requests"] += counters["requests"]
        self.counts["faults that struck"] += sum(counters["faults"])
        self.counts["killed" if exit_code == KILLED else f"exit code {exit_code}"] += 1
        for manifest in manifests:
            self.counts["resumed"] += manifest.resumed > 0
            for walk in manifest.walks:
                self.counts["records"] += walk.records
                self.counts[f"walks {walk.verdict}"] += 1
