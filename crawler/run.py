"""One crawl from its configuration to a published snapshot, or to a state that the same command goes on with."""

import logging
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

import anyio

import crawler
from crawler.api.page import Page
from crawler.clock import Clock, SystemClock
from crawler.config import Config, masked
from crawler.errors import CrawlerError, IncompleteError
from crawler.result import Ending, Result
from crawler.snapshot.manifest import (
    SCHEMA,
    FileEntry,
    Lost,
    Manifest,
    Requests,
    WalkEntry,
    status_of,
)
from crawler.snapshot.publish import FolderShelf, Shelf, StreamShelf, finish, publish_walk
from crawler.snapshot.spool import Spool, open_spool
from crawler.snapshot.workspace import RunState, Wish, Workspace, open_workspace
from crawler.targets import connected, plan_of, read_tokens, targets_of
from crawler.walking.engine import Engine
from crawler.walking.passes import Window
from crawler.walking.plan import Plan
from crawler.walking.resume import replay
from crawler.walking.tally import Tally
from crawler.walking.target import Bounds, WalkRun
from crawler.walking.walk import PROVEN, Walk

log = logging.getLogger(__name__)

STDOUT: Final = "-"
Watch = Callable[[Sequence[Tally]], AbstractContextManager[None]]


def run_crawl(
    config: Config,
    environ: Mapping[str, str],
    *,
    watch: Watch | None = None,
    signals: bool = True,
    clock: Clock | None = None,
) -> Result:
    """Crawl what `config` says and publish it.

    `watch` gets the tallies and shows them while the crawl runs; `clock` is what retries and the rate go by.
    Raises a CrawlerError when the run could not begin, or the disk failed; what a target failed with is in the
    Result.
    """
    tokens = read_tokens(config, environ)
    plan = plan_of(config)
    with _workspace(config, plan) as workspace:
        run = _Run(config, plan, workspace, clock or SystemClock())
        return anyio.run(run.crawl, tokens, watch or (lambda _: nullcontext()), signals)


@contextmanager
def _workspace(config: Config, plan: Plan) -> Iterator[Workspace]:
    now = datetime.now(UTC)
    digest = f"{plan.digest()} {config.max_passes} {config.confirm}"  # these decide verdicts, so they must not change
    if config.output == STDOUT:
        folder = Path(mkdtemp(prefix="swr-crawler-"))
        try:
            yield Workspace(folder, folder, RunState(snapshot=config.snapshot or "-", plan=digest, started_at=now))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return
    wish = Wish(digest, config.snapshot, config.resume, config.resume_within_s)
    with open_workspace(Path(config.output), wish, now) as workspace:
        yield workspace


class _Store:
    """A run's spool and shelf as the engine sees them, and the manifest's walks as they are published."""

    def __init__(self, spool: Spool, shelf: Shelf) -> None:
        self._spool = spool
        self._shelf = shelf
        self.walks: list[WalkEntry] = []

    @property
    def waiting_bytes(self) -> int:
        """The bytes remembered and not yet written."""
        return self._spool.waiting_bytes

    def append_page(self, walk: int, window: Window, page: Page) -> None:
        """Remember a page."""
        self._spool.append_page(walk, window, page)

    def append_loss(self, walk: int, window: Window, reason: str) -> None:
        """Remember a window given up."""
        self._spool.append_loss(walk, window, reason)

    def flush(self) -> None:
        """Write what is remembered."""
        self._spool.flush()

    def publish(self, ended: Sequence[WalkRun]) -> None:
        """Publish walks that have ended, the next in plan order."""
        for run in ended:
            if run.walk is not None:
                self.walks.append(self._publish(run, run.walk))

    def _publish(self, run: WalkRun, walk: Walk) -> WalkEntry:
        if walk.verdict is None:
            raise ValueError(f"{run.id} has not ended")
        proven = walk.verdict in PROVEN
        published = publish_walk(
            self._shelf, self._spool, run.index, run.id, last_pass_only=proven, once=walk.duplicates > 0
        )
        if proven and sum(published) != walk.distinct:
            raise IncompleteError(f"{run.id}: {walk.distinct} were proven but {published} written: a fault of ours")
        return WalkEntry(
            **run.id._asdict(),
            verdict=walk.verdict,
            declared_totals=tuple(walk.totals),
            records=published.records,
            distinct=walk.distinct,
            duplicates=walk.duplicates,
            rejects=published.rejects,
            outside=published.outside,
            passes=walk.passes,
            requests=run.requests,
            limit=walk.limit,
            order=walk.order and f"{walk.order.column} {walk.order.direction}",
            lost=tuple(Lost(**gap._asdict()) for gap in walk.gaps),
        )


class _Run:
    def __init__(self, config: Config, plan: Plan, workspace: Workspace, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._workspace = workspace
        self._runs = [WalkRun(index, walk) for index, walk in enumerate(plan.walks)]
        bounds = Bounds(config.max_tries, config.max_passes, config.confirm)
        self._targets = targets_of(config, self._runs, bounds)

    async def crawl(self, tokens: Mapping[str, str], watch: Watch, signals: bool) -> Result:  # noqa: FBT001 - anyio.run passes no keywords
        config, workspace = self._config, self._workspace
        spool = open_spool(workspace.folder, sync=config.output != STDOUT)
        shelf = self._shelf()
        try:
            self._go_on(spool)
            store = _Store(spool, shelf)
            async with connected(config, self._targets, tokens, self._clock) as crews:
                engine = Engine(crews, self._runs, store, self._clock)
                with watch([target.tally for target in self._targets.values()]):
                    ending = await engine.crawl(max_duration_s=config.max_duration_s, signals=signals)
            return self._result(store, shelf, ending)
        finally:
            if isinstance(shelf, FolderShelf):
                shelf.abandon()
            spool.close()

    def _shelf(self) -> FolderShelf | StreamShelf:
        if self._config.output == STDOUT:
            return StreamShelf(sys.stdout.buffer)
        folder = self._workspace.folder / "snapshot"
        return FolderShelf(folder, part_bytes=self._config.part_bytes, by_target=len(self._targets) > 1)

    def _go_on(self, spool: Spool) -> None:
        settled = replay(spool.replay(), self._targets, self._runs)
        if settled or spool.disbelieved_bytes:
            extra = {"snapshot": self._workspace.state.snapshot, "windows": settled}
            log.warning("run.resume", extra={**extra, "disbelieved_bytes": spool.disbelieved_bytes})

    def _result(self, store: _Store, shelf: FolderShelf | StreamShelf, ending: Ending) -> Result:
        errors = {name: target.error for name, target in self._targets.items() if target.error is not None}
        finished_at = datetime.now(UTC)
        ended = len(store.walks) == len(self._runs)
        manifest = path = None
        if ended and isinstance(shelf, FolderShelf):
            manifest = self._manifest(store, finished_at, *shelf.close())
            path = finish(shelf.folder, manifest, self._workspace.output)
            self._workspace.remove()
        return Result(
            exit_code=_exit_code(errors, ending, store.walks, ended=ended),
            ending=ending,
            started_at=self._workspace.state.started_at,
            finished_at=finished_at,
            tallies=tuple(target.tally for target in self._targets.values()),
            walks=tuple(store.walks),
            errors=errors,
            snapshot=self._workspace.state.snapshot,
            resumed=self._workspace.state.resumed,
            manifest=manifest,
            path=path,
            state=None if ended or self._config.output == STDOUT else self._workspace.folder,
        )

    def _manifest(
        self, store: _Store, finished_at: datetime, files: tuple[FileEntry, ...], rejects: FileEntry
    ) -> Manifest:
        tallies = [target.tally for target in self._targets.values()]
        by_status: dict[str, int] = {}
        for tally in tallies:
            for status, count in sorted(tally.by_status.items()):
                by_status[status] = by_status.get(status, 0) + count
        unknown = set().union(*(target.unknown_fields for target in self._targets.values()))
        return Manifest(
            schema=SCHEMA,
            snapshot=self._workspace.state.snapshot,
            crawler=crawler.__version__,
            started_at=_moment(self._workspace.state.started_at),
            finished_at=_moment(finished_at),
            status=status_of(store.walks),
            resumed=self._workspace.state.resumed,
            config=masked(self._config),
            walks=tuple(store.walks),
            files=files,
            rejects=rejects,
            unknown_fields=tuple(sorted(unknown)),
            requests=Requests(
                by_status=by_status,
                retries=sum(tally.retries for tally in tallies),
                throttled_s=round(sum(tally.throttled_s for tally in tallies), 3),
            ),
        )


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


_SIGNALLED: Final = 128
_LATER: Final = 75
_INCOMPLETE: Final = 3


def _exit_code(errors: Mapping[str, CrawlerError], ending: Ending, walks: Sequence[WalkEntry], *, ended: bool) -> int:
    """Give the exit code: what a person must do first wins (credentials before waiting before looking)."""
    if ended:
        return 0 if status_of(walks) == "complete" else _INCOMPLETE
    if ending.kind == "signal":
        return _SIGNALLED + ending.signal_number
    return max((error.exit_code for error in errors.values()), default=_LATER)
