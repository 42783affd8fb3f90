"""How each target of a run ended, for its manifest (pure)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from crawler.crawl.observing.target_stats import TargetStats
from crawler.errors import CrawlerError
from crawler.snapshot.manifest import TargetEntry, WalkEntry


def target_entries(
    stats: Sequence[TargetStats], walks: Iterable[WalkEntry], errors: Mapping[str, CrawlerError]
) -> tuple[TargetEntry, ...]:
    """Return an entry for each target, in the order of `stats`; `walks` are published, `errors` are by target."""
    published = Counter(walk.target for walk in walks)
    return tuple(_entry(one, published[one.target], errors.get(one.target)) for one in stats)


def _entry(stats: TargetStats, published: int, error: CrawlerError | None) -> TargetEntry:
    if error is None:
        return TargetEntry(name=stats.target, state="ended", planned=stats.walks, published=published)
    return TargetEntry(
        name=stats.target,
        state="failed",
        planned=stats.walks,
        published=published,
        kind=error.kind,
        reason=str(error),
    )


def may_publish(entries: Sequence[TargetEntry]) -> bool:
    """Return whether a run whose targets ended so has something to publish.

    At least one target ended, and all walks of those that did are published. Of a run all of whose targets failed
    nothing is: it is resumed.
    """
    ended = [entry for entry in entries if entry.state == "ended"]
    return bool(ended) and all(entry.planned == entry.published for entry in ended)
