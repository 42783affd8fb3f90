"""Crawls walks into a store, and returns what was found: the part of a run that any process may do.

Whoever calls it decides what is crawled (`Schedule`), who asks and how fast (the clients, with their rate limiters),
and where pages go (`RunStore`). It starts no event loop, changes nothing of the process, and publishes nothing.
"""

from collections.abc import Iterator, Sequence
from functools import partial

import anyio.to_thread

from crawler.crawl.clients.pool import Clients
from crawler.crawl.concurrency.tasks import unless_stopped
from crawler.crawl.ending.evidence import Evidence, TargetEvidence
from crawler.crawl.engine.engine import Engine
from crawler.crawl.engine.publisher import BATCH_WALKS
from crawler.crawl.observing.events import CrawlEnded
from crawler.crawl.observing.run_events import RunEvents
from crawler.crawl.observing.target_stats import TargetStats
from crawler.crawl.planning.schedule import Schedule
from crawler.crawl.run_store import RunStore
from crawler.crawl.scheduling.scheduled import ScheduledWalk
from crawler.crawl.scheduling.target_scheduler import TargetScheduler
from crawler.model.clock import Clock
from crawler.model.record import owner_parts_seen
from crawler.model.stop_reason import StopReason, StopSource


async def crawl_walks(  # noqa: PLR0913 - each is a seam
    schedule: Schedule,
    clients: Clients,
    store: RunStore,
    *,
    events: RunEvents,
    clock: Clock,
    max_duration_s: float | None = None,
    stop: StopSource | None = None,
) -> Evidence:
    """Crawl all walks of `schedule` into `store`, until they have ended or `stop` asks; return what was found.

    It also ends after `max_duration_s` seconds. The error of a target is in the evidence. Raises the CrawlerError of
    the store, such as a full disk.
    """
    engine = Engine(schedule.targets.values(), clients, schedule.walks, store, clock, events.observers)
    stop_reason = await engine.crawl(max_duration_s=max_duration_s, stop=stop)
    events.observers.on_crawl_end(CrawlEnded(stop_reason))
    if stop_reason.kind == "done":
        await unless_stopped(partial(_publish_late, schedule, store), stop)
    return evidence_of(schedule, store, events.statistics.copies(), stop_reason)


async def _publish_late(schedule: Schedule, store: RunStore) -> None:
    """Publish the walks that stand behind those of a target that failed, when others have not; a stop may cancel it."""
    if not 0 < len(schedule.errors()) < len(schedule.targets):
        return
    for walks in _batches(schedule.unpublished()):
        await anyio.to_thread.run_sync(store.publish, walks)


def _batches(walks: list[ScheduledWalk]) -> Iterator[list[ScheduledWalk]]:
    return (walks[at : at + BATCH_WALKS] for at in range(0, len(walks), BATCH_WALKS))


def evidence_of(schedule: Schedule, store: RunStore, stats: Sequence[TargetStats], stop_reason: StopReason) -> Evidence:
    """Return what was found by now; `stats` are those of the targets of `schedule`."""
    counts = {one.target: one for one in stats}
    return Evidence(
        stop_reason=stop_reason,
        walks=tuple(store.walks),
        targets=tuple(_target(target, counts[name]) for name, target in schedule.targets.items()),
        centers=store.centers(),
        totals=tuple(schedule.declared_totals()),
        is_census_done=schedule.is_census_done,
        owner_parts=owner_parts_seen(),
        carried_over=schedule.carried_over(),
    )


def _target(target: TargetScheduler, stats: TargetStats) -> TargetEvidence:
    error = target.error
    return TargetEvidence(
        name=target.name,
        planned=target.work.present.walks,
        kind=None if error is None else error.kind,
        reason="" if error is None else str(error),
        by_status=dict(stats.by_status),
        retries=stats.retries,
        throttled_s=stats.throttled_s,
        unknown_fields=tuple(sorted(target.work.fields.unknown)),
        profile=target.profile.present,
    )
