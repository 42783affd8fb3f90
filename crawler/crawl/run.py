"""One crawl from its configuration to a published snapshot, or to a state from which the same command resumes.

credentials -> callers -> workspace -> spool, part files -> clients -> walks -> resume -> engine -> manifest -> snapshot
"""

from collections.abc import Iterator, Mapping
from contextlib import closing, nullcontext
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread

from crawler.config.config import Config
from crawler.crawl.callers import find_callers
from crawler.crawl.clients import ClientOpener, open_clients
from crawler.crawl.credential_factories import CredentialFactory, credential_factories
from crawler.crawl.ending.carry_over import centers_to_read_again, is_worth_going_on
from crawler.crawl.ending.run_evidence import RunEvidence, run_evidence
from crawler.crawl.engine.engine import Engine, unless_stopped
from crawler.crawl.engine.publisher import BATCH_WALKS
from crawler.crawl.engine.target_run import TargetRuntime
from crawler.crawl.observing.target_stats import ProgressHook
from crawler.crawl.planning.schedule import Schedule, make_schedule
from crawler.crawl.planning.walk_plan import WalkPlan, find_walks, resume_digest
from crawler.crawl.result import CrawlResult
from crawler.crawl.resume import resume
from crawler.crawl.run_manifest import manifest_of
from crawler.crawl.run_output import STDOUT, open_part_writer, open_run_workspace
from crawler.crawl.run_store import RunStore
from crawler.crawl.scheduling.scheduled import ScheduledWalk
from crawler.crawl.system_clock import SystemClock
from crawler.errors import InterruptedRunError
from crawler.model.clock import Clock
from crawler.model.stop_reason import StopReason, StopSource, interruption
from crawler.snapshot.manifest import CarriedOver, Manifest
from crawler.snapshot.reader import open_snapshot
from crawler.store.output.run_state import RunState
from crawler.store.output.workspace import Workspace
from crawler.store.part_files import PartFiles, StdoutWriter
from crawler.store.publish import finish
from crawler.store.spool import open_spool
from crawler.swr.http.client import Client
from crawler.text.timestamp import timestamp


def run_crawl(
    config: Config,
    environ: Mapping[str, str],
    *,
    progress: ProgressHook | None = None,
    stop: StopSource | None = None,
    clock: Clock | None = None,
    clients: ClientOpener = open_clients,
) -> CrawlResult:
    """Crawl what `config` names, publish it, and return how the crawl ended.

    `progress` is given the statistics and may show them while the crawl runs. The crawl stops when `stop` asks for it,
    until its snapshot is renamed: after that it is published, and ends as if it had not been asked.
    Retries and the rate limit follow `clock`. `clients` opens the client of each target. Raises a CrawlerError when
    the run could not start, was stopped before it knew its walks, or the disk failed; an error of a target is in the
    CrawlResult instead.
    """
    factories = credential_factories(config, environ)
    clock = clock or SystemClock()
    # Standard output has no state: nobody can resume it.
    if stop is not None:
        stop.watch()
    check = partial(_raise_if_asked, stop)
    callers = {} if config.output == STDOUT else find_callers(config, factories, clock, stop)
    check()
    with open_run_workspace(config, resume_digest(config), callers, check) as workspace:
        if workspace.published is not None:
            return _published_before(workspace.state, workspace.published)
        run = _Run(config, workspace, clock, clients, stop)
        return anyio.run(run.crawl, factories, progress or (lambda _: nullcontext()))


def _raise_if_asked(stop: StopSource | None) -> None:
    """Raise InterruptedRunError when `stop` has asked."""
    if stop is not None and (reason := stop.reason()) is not None:
        raise interruption(reason)


def _published_before(state: RunState, path: Path) -> CrawlResult:
    """Return the result of a run that has published its snapshot: it has ended, or was killed just before."""
    manifest = open_snapshot(path).manifest
    return CrawlResult(
        stop_reason=StopReason("done"),
        started_at=state.started_at,
        finished_at=datetime.fromisoformat(manifest.finished_at),
        stats=(),
        walks=manifest.walks,
        coverage=manifest.coverage,
        shrinkage=manifest.shrinkage,
        overlaps=manifest.overlaps,
        errors={},
        snapshot=manifest.snapshot,
        resumed=manifest.resumed,
        manifest=manifest,
        path=path,
        state=None,
        status=manifest.status,
        targets=manifest.targets,
        carried_over=manifest.carried_over,
    )


class _Run:
    def __init__(
        self, config: Config, workspace: Workspace, clock: Clock, clients: ClientOpener, stop: StopSource | None
    ) -> None:
        self._config = config
        self._workspace = workspace
        self._clock = clock
        self._open_clients = clients
        self._stop = stop
        self._to_folder = config.output != STDOUT

    async def crawl(self, factories: Mapping[str, CredentialFactory], progress: ProgressHook) -> CrawlResult:
        config, workspace = self._config, self._workspace
        with (
            closing(open_spool(workspace.folder, sync=self._to_folder)) as spool,
            open_part_writer(config, workspace) as part_writer,
        ):
            async with self._open_clients(config, factories, self._clock) as clients:
                plan = await unless_stopped(partial(self._find_walks, clients), self._stop)
                snapshot, now = workspace.state.publication, self._clock.utc()
                schedule = resume(spool, lambda: make_schedule(config, plan), snapshot, now)
                store = RunStore(spool, part_writer, workspace.check)
                if workspace.state.resumed:
                    store.settled |= {index for index, walk in schedule.by_index().items() if walk.requests}
                runtimes = [
                    TargetRuntime(schedule.targets[target.name], clients[target.name], target.concurrency)
                    for target in config.targets
                ]
                engine = Engine(runtimes, schedule.walks, store, self._clock)
                with progress(schedule.stats()):
                    stop_reason = await engine.crawl(max_duration_s=config.max_duration_s, stop=self._stop)
            if self._to_folder and (schedule.errors() or stop_reason.kind != "done"):
                self._forget_callers(plan, schedule, store)
            if stop_reason.kind == "done":
                await unless_stopped(partial(_publish_late, schedule, store), self._stop)
            return self._finish(schedule, store, part_writer, stop_reason)

    async def _find_walks(self, clients: Mapping[str, Client]) -> WalkPlan:
        plan = await find_walks(self._config, clients, self._clock, known=self._workspace.state.walks)
        if self._config.discover and self._to_folder:
            self._workspace.save_walks(plan.walks)
        return plan

    def _forget_callers(self, plan: WalkPlan, schedule: Schedule, store: RunStore) -> None:
        """Let other credentials go on with the targets of which nothing was read, not even their namespaces."""
        walks = schedule.by_index()
        read = {walks[index].id.target for index in store.settled}
        if self._config.discover:
            read |= {walk.target for walk in plan.walks}
        self._workspace.forget_callers({target.name for target in self._config.targets} - read)

    def _finish(
        self, schedule: Schedule, store: RunStore, part_writer: PartFiles | StdoutWriter, stop_reason: StopReason
    ) -> CrawlResult:
        """Publish what the targets that ended hold; return how the crawl ended."""
        folder = part_writer.folder if isinstance(part_writer, PartFiles) else None
        found = run_evidence(
            self._config,
            schedule,
            store,
            output=self._workspace.output if folder else None,
            folder=folder,
            started_at=timestamp(self._workspace.state.started_at),
        )
        result = _result(self._config, self._workspace, schedule, found, stop_reason)
        if result.status is None or isinstance(part_writer, StdoutWriter):
            return result
        return self._publish(result, found, schedule, store, part_writer)

    def _publish(
        self, result: CrawlResult, found: RunEvidence, schedule: Schedule, store: RunStore, part_files: PartFiles
    ) -> CrawlResult:
        """Publish the snapshot of a result whose status is known; return the result with it."""
        status = found.status
        manifest = manifest_of(result, self._config, status, schedule.unknown_fields(), *part_files.close())
        if result.state:  # saved before the snapshot is visible: killed in between, the run is resumed
            self._go_on_after(manifest, store, schedule.to_read_again(centers_to_read_again(found.shortfalls)))
        check = partial(_raise_if_asked, self._stop)
        try:
            path = finish(part_files.folder, manifest, self._workspace.destination, check)
        except InterruptedRunError as error:
            asked = StopReason("signal", error.signal_number)
            state = self._workspace.folder
            return result._replace(stop_reason=asked, state=state, status=None)
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


def _result(
    config: Config, workspace: Workspace, schedule: Schedule, found: RunEvidence, stop_reason: StopReason
) -> CrawlResult:
    """Return how the crawl ended, as if its snapshot were published if it is to be."""
    state, errors = workspace.state, schedule.errors()
    is_published = found.is_publishable and not (errors and stop_reason.kind != "done")
    status = found.status if is_published else None
    keeps_state = config.output != STDOUT and (not is_published or is_worth_going_on(found.shortfalls, found.walks))
    return CrawlResult(
        stop_reason=stop_reason,
        started_at=state.started_at,
        finished_at=datetime.now(UTC),
        stats=schedule.stats(),
        walks=found.walks,
        coverage=found.coverage,
        shrinkage=found.shrinkage,
        overlaps=found.overlaps,
        errors=errors,
        snapshot=state.publication,
        resumed=state.resumed,
        manifest=None,
        path=None,
        state=workspace.folder if keeps_state else None,
        status=status,
        targets=found.targets,
        carried_over=schedule.carried_over(),
        require=config.require,
    )


async def _publish_late(schedule: Schedule, store: RunStore) -> None:
    """Publish the walks that stand behind those of a target that failed, when others have not; a stop may cancel it."""
    if not 0 < len(schedule.errors()) < len(schedule.targets):
        return
    for walks in _batches(schedule.unpublished()):
        await anyio.to_thread.run_sync(store.publish, walks)


def _batches(walks: list[ScheduledWalk]) -> Iterator[list[ScheduledWalk]]:
    return (walks[at : at + BATCH_WALKS] for at in range(0, len(walks), BATCH_WALKS))
