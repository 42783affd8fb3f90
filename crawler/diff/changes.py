"""The changes between two snapshots: their records joined by repository, and each pair compared."""

from collections.abc import Iterator

from crawler.diff.change import Change
from crawler.diff.compare import Comparison
from crawler.diff.outer_join import outer_join
from crawler.snapshot.reader import SnapshotReader


def changes(old: SnapshotReader, new: SnapshotReader, comparison: Comparison) -> Iterator[Change]:
    """Yield what differs, in the order of (target, center, namespace, name, domain_name), nulls first.

    Both snapshots are read to their end and checked before the first change is yielded. After the last one, `unknown`
    and `summary` of `comparison` are final. Raises IncompleteError when a snapshot differs from its manifest, DiskError
    when there is no space for the temporary file.
    """
    with outer_join(old, new) as joined:
        for before, after in joined:
            change = comparison.add(before, after)
            if change is not None:
                yield change
        comparison.add_unchanged(joined.same)
