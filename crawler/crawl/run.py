"""One crawl from its configuration to a published snapshot, or to a state that the same command goes on with."""

import logging
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

import anyio

import crawler
from crawler.config.config import Config, redacted
from crawler.crawl.clients import WalkPlan, find_walks, open_clients, plan_of, targets_of
from crawler.crawl.credential_factories import CredentialFactory, credential_factories
from crawler.crawl.engine.engine import Engine, StopSource, TargetRuntime
from crawler.crawl.engine.target_scheduler import CrawlLimits, ScheduledWalk, TargetScheduler
from crawler.crawl.engine.target_stats import ProgressHook
from crawler.crawl.result import Result
from crawler.crawl.resume import replay
from crawler.crawl.run_store import RunStore
from crawler.crawl.system_clock import SystemClock
from crawler.errors import CrawlerError, IncompleteError, UnavailableError
from crawler.files.disk_errors import disk_errors
from crawler.model.clock import Clock
from crawler.model.stop_reason import StopReason
from crawler.model.walk_id import Center, WalkId
from crawler.snapshot.completeness import status_of
from crawler.snapshot.coverage import Census, cover
from crawler.snapshot.layout import UNPUBLISHED
from crawler.snapshot.manifest import SCHEMA, Coverage, FileEntry, Manifest, Requests, Status
from crawler.snapshot.reader import open_snapshot
from crawler.store.part_files import PartFiles, StdoutWriter
from crawler.store.publish import finish
from crawler.store.spool import Spool, open_spool
from crawler.store.workspace import ResumeRequest, RunState, Workspace, open_workspace
from crawler.swr.http.client import Client
from crawler.walk.passes import WalkError

log = logging.getLogger(__name__)

STDOUT: Final = "-"


def run_crawl(
    config: Config,
    environ: Mapping[str, str],
    *,
    watch: ProgressHook | None = None,
    stop: StopSource | None = None,
    clock: Clock | None = None,
) -> Result:
    """Crawl what `config` says and publish it.

    `watch` gets the stats and shows them while the crawl runs; when `stop` returns the crawl stops; `clock` is what
    retries and the rate go by. Raises a CrawlerError when the run could not begin, or the disk failed; what a target
    failed with is in the Result.
    """
    keys = credential_factories(config, environ)
    with _workspace(config) as workspace:
        if workspace.published is not None:
            return _published(workspace.state, workspace.published)
        run = _Run(config, workspace, clock or SystemClock())
        return anyio.run(run.crawl, keys, watch or (lambda _: nullcontext()), stop)


@contextmanager
def _workspace(config: Config) -> Iterator[Workspace]:
    now = datetime.now(UTC)
    # What decides which walks there are, and their verdicts: it must not change while a run goes on.
    digest = f"{plan_of(config).digest()} {config.max_passes} {config.double_read} {config.discover} {config.patterns}"
    if config.output == STDOUT:
        with disk_errors(Path("TMPDIR")):
            folder = Path(mkdtemp(prefix="swr-crawler-"))
        try:
            yield Workspace(folder, folder, RunState(snapshot=config.snapshot or "-", plan=digest, started_at=now))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return
    wish = ResumeRequest(digest, config.snapshot, config.resume, config.resume_max_age_s)
    with open_workspace(Path(config.output), wish, now) as workspace:
        yield workspace


def _published(state: RunState, path: Path) -> Result:
    """Give the result of a run that had published before it was killed."""
    manifest = open_snapshot(path).manifest
    return Result(
        exit_code=_exit_code({}, StopReason("done"), manifest.status),
        ending=StopReason("done"),
        started_at=state.started_at,
        finished_at=datetime.fromisoformat(manifest.finished_at),
        stats=(),
        walks=manifest.walks,
        coverage=manifest.coverage,
        errors={},
        snapshot=state.snapshot,
        resumed=manifest.resumed,
        manifest=manifest,
        path=path,
        state=None,
    )


class _Run:
    def __init__(self, config: Config, workspace: Workspace, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._workspace = workspace
        self._targets: dict[str, TargetScheduler] = {}
        self._runs: list[ScheduledWalk] = []
        self._censuses: list[ScheduledWalk] = []

    async def crawl(
        self, keys: Mapping[str, CredentialFactory], watch: ProgressHook, stop: StopSource | None
    ) -> Result:
        config, workspace = self._config, self._workspace
        with closing(open_spool(workspace.folder, sync=config.output != STDOUT)) as spool, self._shelf() as shelf:
            async with open_clients(config, keys, self._clock) as clients:
                found = await self._find(clients)
                self._go_on(spool, found)
                store = RunStore(spool, shelf)
                crews = [TargetRuntime(self._targets[t.name], clients[t.name], t.concurrency) for t in config.targets]
                engine = Engine(crews, self._runs, store, self._clock)
                with watch([target.stats for target in self._targets.values()]):
                    ending = await engine.crawl(max_duration_s=config.max_duration_s, stop=stop)
            return self._result(store, shelf, ending)

    async def _find(self, clients: Mapping[str, Client]) -> WalkPlan:
        found = await find_walks(self._config, clients, self._clock, known=self._workspace.state.walks)
        if self._config.discover and self._config.output != STDOUT:
            self._workspace.remember(found.walks)
        return found

    def _plan(self, found: WalkPlan) -> None:
        """Make the walks of every target; one whose namespaces can't be had is stopped before it begins."""
        self._runs = [ScheduledWalk(index, walk) for index, walk in enumerate(found.walks)]
        self._censuses = [self._census(*place) for place in found.partial]
        bounds = CrawlLimits(self._config.max_tries, self._config.max_passes, self._config.double_read)
        self._targets = targets_of(self._config, [*self._censuses, *self._runs], bounds)
        for name, error in found.errors.items():
            self._targets[name].stop(error)

    def _census(self, target: str, center: Center) -> ScheduledWalk:
        """Make the census of a center; its index is the same in each run of the plan, whoever answers."""
        targets, centers = [one.name for one in self._config.targets], self._config.centers
        number = targets.index(target) * len(centers) + centers.index(center)
        return ScheduledWalk(-1 - number, WalkId(target, center, None), census=True)

    @contextmanager
    def _shelf(self) -> Iterator[PartFiles | StdoutWriter]:
        if self._config.output == STDOUT:
            yield StdoutWriter(sys.stdout.buffer)
            return
        folder = self._workspace.folder / UNPUBLISHED
        shelf = PartFiles(folder, max_part_bytes=self._config.max_part_bytes, by_target=len(self._config.targets) > 1)
        try:
            yield shelf
        finally:
            shelf.abandon()

    def _go_on(self, spool: Spool, found: WalkPlan) -> None:
        """Bring the walks to where the journal ends; begin afresh where it tells what can't have happened."""
        self._plan(found)
        runs = {run.index: run for run in (*self._runs, *self._censuses)}
        settled = 0
        try:
            with closing(spool.replay()) as history:
                settled = replay(history, self._targets, runs)
        except WalkError as error:
            log.warning(
                "run.journal_truncated", extra={"snapshot": self._workspace.state.snapshot, "reason": str(error)}
            )
            spool.truncate()
            self._plan(found)
        if settled or spool.truncated_bytes:
            extra = {"snapshot": self._workspace.state.snapshot, "windows": settled}
            log.warning("run.resume", extra={**extra, "truncated_bytes": spool.truncated_bytes})

    def _result(self, store: RunStore, shelf: PartFiles | StdoutWriter, ending: StopReason) -> Result:
        errors = {name: target.error for name, target in self._targets.items() if target.error is not None}
        finished_at = datetime.now(UTC)
        ended = not errors and len(store.walks) == len(self._runs) and all(census.ended for census in self._censuses)
        coverage = cover(map(_census, self._censuses), store.walks)
        status = status_of(store.walks, coverage, allow_partial_coverage=self._config.allow_partial_coverage)
        manifest = path = None
        if ended and isinstance(shelf, PartFiles):
            manifest = self._manifest(store, status, coverage, finished_at, *shelf.close())
            path = finish(shelf.folder, manifest, self._workspace.output)
            self._workspace.remove()
        return Result(
            exit_code=_exit_code(errors, ending, status if ended else None),
            ending=ending,
            started_at=self._workspace.state.started_at,
            finished_at=finished_at,
            stats=tuple(target.stats for target in self._targets.values()),
            walks=tuple(store.walks),
            coverage=coverage,
            errors=errors,
            snapshot=self._workspace.state.snapshot,
            resumed=self._workspace.state.resumed,
            manifest=manifest,
            path=path,
            state=None if ended or self._config.output == STDOUT else self._workspace.folder,
        )

    def _manifest(
        self,
        store: RunStore,
        status: Status,
        coverage: tuple[Coverage, ...],
        finished_at: datetime,
        files: tuple[FileEntry, ...],
        rejects: FileEntry,
    ) -> Manifest:
        stats = [target.stats for target in self._targets.values()]
        by_status: dict[str, int] = {}
        for tally in stats:
            for code, count in sorted(tally.by_status.items()):
                by_status[code] = by_status.get(code, 0) + count
        unknown = set().union(*(target.unknown_fields for target in self._targets.values()))
        return Manifest(
            schema=SCHEMA,
            snapshot=self._workspace.state.snapshot,
            crawler=crawler.__version__,
            started_at=_moment(self._workspace.state.started_at),
            finished_at=_moment(finished_at),
            status=status,
            resumed=self._workspace.state.resumed,
            config=redacted(self._config),
            walks=tuple(store.walks),
            coverage=coverage,
            files=files,
            rejects=rejects,
            unknown_fields=tuple(sorted(unknown)),
            requests=Requests(
                by_status=by_status,
                retries=sum(tally.retries for tally in stats),
                throttled_s=round(sum(tally.throttled_s for tally in stats), 3),
            ),
        )


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


_SIGNALLED: Final = 128


def _census(run: ScheduledWalk) -> Census:
    return Census(run.id.target, run.id.center, None if run.walk is None else run.walk.declared)


def _exit_code(errors: Mapping[str, CrawlerError], ending: StopReason, status: Status | None) -> int:
    """Give the exit code: what a person must do first wins (credentials before waiting before looking)."""
    if status is not None:
        return 0 if status == "complete" else IncompleteError.exit_code
    if ending.kind == "signal":
        return _SIGNALLED + ending.signal_number
    return max((error.exit_code for error in errors.values()), default=UnavailableError.exit_code)
