"""Ends a run whose walks were crawled: publishes its snapshot, or keeps what the same command goes on from."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec

from crawler.config.config import Config
from crawler.config.describe import redacted
from crawler.crawl.concurrency.stopping import raise_if_asked
from crawler.crawl.ending.carry_over import centers_to_read_again, is_worth_going_on
from crawler.crawl.ending.comparison import compare
from crawler.crawl.ending.evidence import Evidence
from crawler.crawl.ending.snapshot_of import NOT_COMPARED, Compared, RunFacts, snapshot_of
from crawler.crawl.observing.run_statistics import RunStatistics
from crawler.crawl.planning.schedule import Schedule
from crawler.crawl.result import RunResult
from crawler.crawl.run_output import STDOUT
from crawler.crawl.run_store import RunStore
from crawler.errors import CrawlerError, InterruptedRunError
from crawler.model.stop_reason import StopSource
from crawler.snapshot.completeness import shortfalls
from crawler.snapshot.history.shrinkage import ShrinkLimits
from crawler.snapshot.manifest import CarriedOver, Manifest
from crawler.store.output.workspace import Workspace
from crawler.store.part_files import PartFiles, PartWriter
from crawler.store.publish import finish
from crawler.text.timestamp import timestamp


class RunEnd:
    """The end of one run in its `workspace`. Its methods block, and raise DiskError."""

    def __init__(self, config: Config, workspace: Workspace, stop: StopSource, statistics: RunStatistics) -> None:
        self._config = config
        self._workspace = workspace
        self._stop = stop
        self._statistics = statistics

    def finish(self, evidence: Evidence, schedule: Schedule, store: RunStore, part_writer: PartWriter) -> RunResult:
        """Publish what the targets that ended hold; return how the crawl ended."""
        errors, facts = schedule.errors(), self._facts()
        folder: Path | None = None
        if evidence.is_publishable and isinstance(part_writer, PartFiles):
            folder = part_writer.folder
            evidence = msgspec.structs.replace(evidence, **part_writer.close()._asdict())
        compared = self._compared(evidence, facts, folder) if evidence.is_publishable else NOT_COMPARED
        is_published = evidence.is_publishable and not (errors and evidence.stop_reason.kind != "done")
        manifest = snapshot_of(evidence, facts, compared)
        result = self._result(manifest, evidence, facts, errors, is_published=is_published)
        if folder is None or not is_published:
            return result
        return self._publish(result, manifest, schedule, store, folder)

    def _facts(self) -> RunFacts:
        state = self._workspace.state
        return RunFacts(state.publication, state.started_at, datetime.now(UTC), state.resumed, redacted(self._config))

    def _compared(self, evidence: Evidence, facts: RunFacts, folder: Path | None) -> Compared:
        return compare(
            evidence,
            facts.config,
            ShrinkLimits(self._config.max_shrink_percent, self._config.min_shrink_records),
            output=self._workspace.output if folder else None,
            folder=folder,
            started_at=timestamp(facts.started_at),
        )

    def _result(
        self,
        judged: Manifest,
        evidence: Evidence,
        facts: RunFacts,
        errors: Mapping[str, CrawlerError],
        *,
        is_published: bool,
    ) -> RunResult:
        """Return how the crawl ended, as if the snapshot with the manifest `judged` were published if it is to be."""
        found = tuple(shortfalls(judged))
        is_unfinished = not is_published or is_worth_going_on(found, judged.walks)
        return RunResult(
            stop_reason=evidence.stop_reason,
            started_at=facts.started_at,
            finished_at=facts.finished_at,
            stats=self._statistics.copies(),
            walks=judged.walks,
            coverage=judged.coverage,
            shrinkage=judged.shrinkage,
            overlaps=judged.overlaps,
            errors=errors,
            snapshot=facts.snapshot,
            resumed=facts.resumed,
            manifest=None,
            path=None,
            state=self._workspace.folder if self._config.output != STDOUT and is_unfinished else None,
            status=judged.status if is_published else None,
            targets=judged.targets,
            carried_over=judged.carried_over,
            require=self._config.require,
            shortfalls=found if is_published else (),
        )

    def _publish(
        self, result: RunResult, manifest: Manifest, schedule: Schedule, store: RunStore, folder: Path
    ) -> RunResult:
        """Publish the snapshot of a result whose status is known; return the result with it."""
        if result.state:  # saved before the snapshot is visible: killed in between, the run is resumed
            again = centers_to_read_again(result.shortfalls)
            self._go_on_after(manifest, store, schedule.to_read_again(again))
        try:
            path = finish(folder, manifest, self._workspace.destination, partial(raise_if_asked, self._stop))
        except InterruptedRunError:
            asked = self._stop.reason() or result.stop_reason
            return result._replace(stop_reason=asked, state=self._workspace.folder, status=None)
        if not result.state:
            self._workspace.remove()
        return result._replace(manifest=manifest, path=path)

    def _go_on_after(self, manifest: Manifest, store: RunStore, again: tuple[int, ...]) -> None:
        """Save that the same command goes on from the snapshot of this manifest, and reads the walks `again` anew."""
        snapshot = CarriedOver(
            snapshot=manifest.snapshot, started_at=manifest.started_at, finished_at=manifest.finished_at
        )
        store.append_published(snapshot, again)
        self._workspace.go_on_after()
