"""How each target of a run ended, for its manifest (pure)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from crawler.errors import CrawlerError
from crawler.snapshot.manifest import TargetEntry, WalkEntry


def target_entries(
    planned: Mapping[str, int], walks: Iterable[WalkEntry], errors: Mapping[str, CrawlerError]
) -> tuple[TargetEntry, ...]:
    """Return an entry for each target, in the order of `planned`, which has the number of walks of each.

    `walks` are published, `errors` are by target.
    """
    published = Counter(walk.target for walk in walks)
    return tuple(_entry(name, number, published[name], errors.get(name)) for name, number in planned.items())


def _entry(name: str, planned: int, published: int, error: CrawlerError | None) -> TargetEntry:
    if error is None:
        return TargetEntry(name=name, state="ended", planned=planned, published=published)
    return TargetEntry(
        name=name,
        state="failed",
        planned=planned,
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
