"""One crawl from its configuration to a published snapshot, or to a state from which the same command resumes.

credentials -> callers -> workspace -> spool, part files -> clients -> walks -> resume -> engine -> manifest -> snapshot
"""

from collections.abc import Mapping
from contextlib import ExitStack, closing
from datetime import datetime
from functools import partial

import anyio.to_thread

from crawler.config.config import Config
from crawler.crawl.callers import find_callers
from crawler.crawl.clients.credential_factories import CredentialFactory, credential_factories
from crawler.crawl.clients.pool import ClientOpener, Clients, open_clients
from crawler.crawl.concurrency.stopping import raise_if_asked, stopped_in_order
from crawler.crawl.concurrency.tasks import unless_stopped
from crawler.crawl.crawl_walks import crawl_walks
from crawler.crawl.observing.observer import Observer
from crawler.crawl.observing.run_events import RunEvents
from crawler.crawl.planning.schedule import Schedule, make_schedule
from crawler.crawl.planning.walk_plan import WalkPlan, find_walks, resume_digest
from crawler.crawl.pruning import is_to_prune, pruned
from crawler.crawl.result import RunResult
from crawler.crawl.resume import resume
from crawler.crawl.run_end import RunEnd
from crawler.crawl.run_output import STDOUT, WalkReceiver, check_compression, open_part_writer, open_run_workspace
from crawler.crawl.run_store import RunStore
from crawler.crawl.system_clock import SystemClock
from crawler.model.clock import Clock
from crawler.model.stop_reason import StopReason, StopSource
from crawler.snapshot.completeness import shortfalls
from crawler.snapshot.reader import open_snapshot
from crawler.store.output.workspace import Workspace
from crawler.store.spool import open_spool


async def crawl(  # noqa: PLR0913 - two are arguments, the others seams
    config: Config,
    environ: Mapping[str, str],
    *,
    observer: Observer | None = None,
    stop: StopSource | None = None,
    clock: Clock | None = None,
    clients: ClientOpener = open_clients,
    receiver: WalkReceiver | None = None,
) -> RunResult:
    """Crawl what `config` names, publish it, and return how the crawl ended.

    `environ` has the variables that hold secrets. `observer` is told of what happens; if it fails, the crawl goes on.
    The crawl stops when `stop` asks for it, or its task is cancelled, until its snapshot is renamed: after that it is
    published, and ends as if it had not been asked. Retries and the rate limit follow `clock`. `clients` opens the
    client of each target. `receiver` takes the walks in place of standard output, if that is the output. Nothing of the
    process is changed, and several crawls may run in one event loop.

    Raises a CrawlerError when the run could not start, was stopped before it knew its walks, or the disk failed; an
    error of a target is in the RunResult instead.
    """
    factories = credential_factories(config, environ)
    run = partial(_crawl, config, factories, observer, clock or SystemClock(), clients, receiver)
    return await stopped_in_order(run, stop)


async def _crawl(  # noqa: PLR0913, PLR0917 - what `crawl` is given
    config: Config,
    factories: Mapping[str, CredentialFactory],
    observer: Observer | None,
    clock: Clock,
    clients: ClientOpener,
    receiver: WalkReceiver | None,
    stop: StopSource,
) -> RunResult:
    stop.watch()
    if receiver is None:
        check_compression(config)
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
                result = await _Run(config, workspace, clock, clients, stop, events).crawl(factories, receiver)
            events.publish(result.path, result.manifest)
            if is_to_prune(config, result):
                # In a thread: it may delete many gigabytes. The output is still held.
                result = await anyio.to_thread.run_sync(pruned, config, workspace, result, clock.utc(), stop)
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
        shortfalls=tuple(shortfalls(manifest)),
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
        self._end = RunEnd(config, workspace, stop, events.statistics)

    async def crawl(self, factories: Mapping[str, CredentialFactory], receiver: WalkReceiver | None) -> RunResult:
        config, workspace, observers = self._config, self._workspace, self._events.observers
        with (
            closing(open_spool(workspace.folder, sync=self._to_folder)) as spool,
            open_part_writer(config, workspace, receiver) as part_writer,
        ):
            async with self._open_clients(config, factories, self._clock) as clients:
                plan = await unless_stopped(partial(self._find_walks, clients), self._stop)
                snapshot, now = workspace.state.publication, self._clock.utc()
                new_schedule = partial(make_schedule, config, plan, observers, self._events.statistics)
                schedule = resume(spool, new_schedule, snapshot, now, observers)
                store = RunStore(spool, part_writer, workspace.check, receiver.on_walk if receiver else lambda _: None)
                if workspace.state.resumed:
                    store.settled |= {index for index, walk in schedule.by_index().items() if walk.requests}
                self._events.start_crawl(plan.errors)
                evidence = await crawl_walks(
                    schedule,
                    clients,
                    store,
                    events=self._events,
                    clock=self._clock,
                    max_duration_s=config.max_duration_s,
                    stop=self._stop,
                )
            if self._to_folder and (evidence.failed_targets or evidence.stop_reason.kind != "done"):
                self._forget_callers(plan, schedule, store)
            # In a thread: it reads what may be in both centers, and syncs every folder.
            return await anyio.to_thread.run_sync(self._end.finish, evidence, schedule, store, part_writer)

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
