"""One crawl from its configuration to a published snapshot, or to a state from which the same command resumes.

credentials -> callers -> workspace -> spool, part files -> clients -> walks -> resume -> engine -> manifest -> snapshot
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from functools import partial

import anyio.to_thread

from crawler.config.config import Config
from crawler.crawl.callers import find_callers
from crawler.crawl.clients.credential_factories import CredentialFactory, credential_factories
from crawler.crawl.clients.pool import ClientOpener, Clients, open_clients
from crawler.crawl.concurrency.stopping import raise_if_asked, stopped_in_order
from crawler.crawl.concurrency.tasks import unless_stopped
from crawler.crawl.ending.carry_over import centers_to_read_again, is_worth_going_on
from crawler.crawl.ending.run_evidence import RunEvidence, run_evidence
from crawler.crawl.engine.engine import Engine
from crawler.crawl.engine.publisher import BATCH_WALKS
from crawler.crawl.observing.events import CrawlEnded
from crawler.crawl.observing.observer import Observer
from crawler.crawl.observing.run_events import RunEvents
from crawler.crawl.observing.target_stats import TargetStats
from crawler.crawl.planning.schedule import Schedule, make_schedule
from crawler.crawl.planning.walk_plan import WalkPlan, find_walks, resume_digest
from crawler.crawl.result import RunResult
from crawler.crawl.resume import resume
from crawler.crawl.run_manifest import manifest_of
from crawler.crawl.run_output import STDOUT, open_part_writer, open_run_workspace
from crawler.crawl.run_store import RunStore
from crawler.crawl.scheduling.scheduled import ScheduledWalk
from crawler.crawl.system_clock import SystemClock
from crawler.errors import InterruptedRunError
from crawler.model.clock import Clock
from crawler.model.stop_reason import StopReason, StopSource
from crawler.snapshot.manifest import CarriedOver, Manifest
from crawler.snapshot.reader import open_snapshot
from crawler.store.output.workspace import Workspace
from crawler.store.part_files import PartFiles, StdoutWriter
from crawler.store.publish import finish
from crawler.store.spool import open_spool
from crawler.text.timestamp import timestamp


async def crawl(
    config: Config,
    environ: Mapping[str, str],
    *,
    observer: Observer | None = None,
    stop: StopSource | None = None,
    clock: Clock | None = None,
    clients: ClientOpener = open_clients,
) -> RunResult:
    """Crawl what `config` names, publish it, and return how the crawl ended.

    `environ` has the variables that hold secrets. `observer` is told of what happens; if it fails, the crawl goes on.
    The crawl stops when `stop` asks for it, or its task is cancelled, until its snapshot is renamed: after that it is
    published, and ends as if it had not been asked. Retries and the rate limit follow `clock`. `clients` opens the
    client of each target. Nothing of the process is changed, and several crawls may run in one event loop.

    Raises a CrawlerError when the run could not start, was stopped before it knew its walks, or the disk failed; an
    error of a target is in the RunResult instead.
    """
    factories = credential_factories(config, environ)
    run = partial(_crawl, config, factories, observer, clock or SystemClock(), clients)
    return await stopped_in_order(run, stop)


async def _crawl(
    config: Config,
    factories: Mapping[str, CredentialFactory],
    observer: Observer | None,
    clock: Clock,
    clients: ClientOpener,
    stop: StopSource,
) -> RunResult:
    stop.watch()
    check = partial(raise_if_asked, stop)
    # Standard output has no state: nobody can resume it.
    callers = {} if config.output == STDOUT else await find_callers(config, factories, clock, stop)
    check()
    with ExitStack() as stack:
        opened = open_run_workspace(config, resume_digest(config), callers, check)
        # In a thread: another run may have to be watched for a minute and a half.
        workspace = await anyio.to_thread.run_sync(stack.enter_context, opened)
        events = RunEvents(workspace.state, observer)
        with events.lasting():
            result = _published_before(workspace)
            if result is None:
                result = await _Run(config, workspace, clock, clients, stop, events).crawl(factories)
            events.publish(result.path, result.manifest)
        events.end(result.status, result.stop_reason, result.errors, result.path)
        return result


def _published_before(workspace: Workspace) -> RunResult | None:
    """Return the result of a run that has published its snapshot: it has ended, or was killed just before."""
    state, path = workspace.state, workspace.published
    if path is None:
        return None
    manifest = open_snapshot(path).manifest
    return RunResult(
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
        self,
        config: Config,
        workspace: Workspace,
        clock: Clock,
        clients: ClientOpener,
        stop: StopSource,
        events: RunEvents,
    ) -> None:
        self._config = config
        self._workspace = workspace
        self._clock = clock
        self._open_clients = clients
        self._stop = stop
        self._events = events
        self._to_folder = config.output != STDOUT

    async def crawl(self, factories: Mapping[str, CredentialFactory]) -> RunResult:
        config, workspace, observers = self._config, self._workspace, self._events.observers
        with (
            closing(open_spool(workspace.folder, sync=self._to_folder)) as spool,
            open_part_writer(config, workspace) as part_writer,
        ):
            async with self._open_clients(config, factories, self._clock) as clients:
                plan = await unless_stopped(partial(self._find_walks, clients), self._stop)
                snapshot, now = workspace.state.publication, self._clock.utc()
                new_schedule = partial(make_schedule, config, plan, observers, self._events.statistics)
                schedule = resume(spool, new_schedule, snapshot, now, observers)
                store = RunStore(spool, part_writer, workspace.check)
                if workspace.state.resumed:
                    store.settled |= {index for index, walk in schedule.by_index().items() if walk.requests}
                engine = Engine(schedule.targets.values(), clients, schedule.walks, store, self._clock, observers)
                self._events.start_crawl(plan.errors)
                stop_reason = await engine.crawl(max_duration_s=config.max_duration_s, stop=self._stop)
                observers.on_crawl_end(CrawlEnded(stop_reason))
            if self._to_folder and (schedule.errors() or stop_reason.kind != "done"):
                self._forget_callers(plan, schedule, store)
            if stop_reason.kind == "done":
                await unless_stopped(partial(_publish_late, schedule, store), self._stop)
            # In a thread: it reads what may be in both centers, and syncs every folder.
            return await anyio.to_thread.run_sync(self._finish, schedule, store, part_writer, stop_reason)

    async def _find_walks(self, clients: Clients) -> WalkPlan:
        known, observers = self._workspace.state.walks, self._events.observers
        plan = await find_walks(self._config, clients, self._clock, observers, known=known)
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
    ) -> RunResult:
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
        stats = self._events.statistics.copies()
        result = _result(self._config, self._workspace, schedule, found, stop_reason, stats)
        if result.status is None or isinstance(part_writer, StdoutWriter):
            return result
        return self._publish(result, found, schedule, store, part_writer)

    def _publish(
        self, result: RunResult, found: RunEvidence, schedule: Schedule, store: RunStore, part_files: PartFiles
    ) -> RunResult:
        """Publish the snapshot of a result whose status is known; return the result with it."""
        status = found.status
        manifest = manifest_of(result, self._config, status, schedule.unknown_fields(), *part_files.close())
        if result.state:  # saved before the snapshot is visible: killed in between, the run is resumed
            self._go_on_after(manifest, store, schedule.to_read_again(centers_to_read_again(found.shortfalls)))
        try:
            path = finish(part_files.folder, manifest, self._workspace.destination, partial(raise_if_asked, self._stop))
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


def _result(
    config: Config,
    workspace: Workspace,
    schedule: Schedule,
    found: RunEvidence,
    stop_reason: StopReason,
    stats: tuple[TargetStats, ...],
) -> RunResult:
    """Return how the crawl ended, as if its snapshot were published if it is to be."""
    state, errors = workspace.state, schedule.errors()
    is_published = found.is_publishable and not (errors and stop_reason.kind != "done")
    status = found.status if is_published else None
    keeps_state = config.output != STDOUT and (not is_published or is_worth_going_on(found.shortfalls, found.walks))
    return RunResult(
        stop_reason=stop_reason,
        started_at=state.started_at,
        finished_at=datetime.now(UTC),
        stats=stats,
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
