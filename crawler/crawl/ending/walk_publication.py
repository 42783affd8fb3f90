"""Publishes one walk, or the walks in place of one that was split, and makes their entries for the manifest."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from crawler.crawl.ending.split_entries import center_split, namespaces_to_publish, with_leftovers
from crawler.crawl.scheduling.scheduled import ScheduledWalk, Split
from crawler.errors import IncompleteError
from crawler.snapshot.coverage import CenterTotal
from crawler.snapshot.manifest import CenterSplit, Lost, WalkEntry
from crawler.store.leftovers import RememberingWriter, count_leftovers, publish_leftovers
from crawler.store.part_files import PartWriter
from crawler.store.publish import Published, publish_walk
from crawler.store.spool import Spool
from crawler.walk.rested_walk import WalkResult


class PublishedSplit(NamedTuple):
    """The entries of the walks in place of one that was split, in their order, and what its passes had seen."""

    walks: Sequence[WalkEntry]
    split: CenterSplit


def publish_split(
    part_writer: PartWriter, spool: Spool, split: Split, result: WalkResult, on_outside: Callable[[bytes], None]
) -> PublishedSplit:
    """Publish the walks in place of one with this result, and what only that one saw. Raises DiskError.

    `on_outside` is as in `publish_one`.
    """
    whole, census = split.parent, split.census
    writer = RememberingWriter(part_writer)
    ended = [(one, one.result) for one in split.walks if one.result is not None]
    entries = [publish_one(writer, spool, one, result, on_outside) for one, result in ended]
    leftovers = count_leftovers(spool, whole.index, writer)
    before, after = (None, None) if census is None else (census.before, census.after)
    total = CenterTotal(whole.id.target, whole.id.center, before, after)
    namespaces = namespaces_to_publish(leftovers, entries, total, result.totals)
    left = publish_leftovers(writer, spool, whole.index, whole.id, namespaces)
    spool.forget(whole.index)
    walks = [with_leftovers(entry, left.get(entry.namespace or "")) for entry in entries]
    return PublishedSplit(walks, center_split(result, whole.requests, leftovers, left))


def publish_one(
    part_writer: PartWriter,
    spool: Spool,
    scheduled: ScheduledWalk,
    result: WalkResult,
    on_outside: Callable[[bytes], None],
) -> WalkEntry:
    """Publish a walk that has ended; `on_outside` is given its lines of other namespaces. Raises DiskError."""
    walk_id, complete = scheduled.id, result.judgement.verdict == "complete"
    published = publish_walk(
        part_writer,
        spool,
        scheduled.index,
        walk_id,
        last_pass_only=complete,
        deduplicate=result.duplicates > 0,
        on_outside=on_outside,
    )
    if complete and published.items != result.distinct:
        counts = f"{result.distinct} distinct records were read, but {published} were written"
        raise IncompleteError(f"{walk_id}: {counts}; this is a bug in swr-crawler: please report it")
    return _entry(scheduled, result, published)


def _entry(scheduled: ScheduledWalk, result: WalkResult, published: Published) -> WalkEntry:
    """Return the entry for the manifest of a walk that is published."""
    walk_id, judgement = scheduled.id, result.judgement
    return WalkEntry(
        target=walk_id.target,
        center=walk_id.center,
        namespace=walk_id.namespace,
        verdict=judgement.verdict,
        reason=judgement.reason,
        declared_totals=result.totals,
        records=published.records,
        distinct=result.distinct,
        duplicates=result.duplicates,
        rejects=published.rejects,
        outside=published.outside,
        invalid=published.invalid,
        invalid_fields=tuple(sorted(published.invalid_fields)),
        passes=result.passes,
        requests=scheduled.requests,
        limit=result.limit,
        dialect="filter" if scheduled.filtered else "direct",
        order=result.order and f"{result.order.column} {result.order.direction}",
        lost=tuple(Lost(**gap._asdict()) for gap in result.gaps),
        carried_from="" if scheduled.published_in is None else scheduled.published_in.snapshot,
        seen=None if judgement.verdict == "complete" else published.items,
    )
