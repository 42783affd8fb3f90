"""What follows from what only the passes over a whole center saw, once it is read by namespace: the rules alone."""

from typing import Any, Final

import msgspec
import pytest

from crawler.crawl.ending.split_entries import namespaces_to_publish, with_leftovers
from crawler.snapshot.completeness import shortfalls
from crawler.snapshot.coverage import CenterTotal, cover
from crawler.snapshot.manifest import CenterSplit, Coverage, WalkEntry
from crawler.store.leftovers import SeenBefore
from crawler.store.publish import Published
from tests.audit.examples import manifest


def walk_entry(namespace: str | None, records: int, verdict: Any = "complete") -> WalkEntry:  # noqa: ANN401 - a verdict
    return WalkEntry(
        target="t",
        center="self",
        namespace=namespace,
        verdict=verdict,
        declared_totals=(records,),
        records=records,
        distinct=records,
        duplicates=0,
        rejects=0,
        passes=1,
        requests=1,
        limit=10,
        order=None,
    )


SPLIT: Final = CenterSplit(reason="-", passes=3, requests=9, declared_totals=(10,), seen=9, gone=0)


def kinds_of(center: Coverage, *, allowed: bool) -> list[str]:
    found = manifest(walk_entry("a", 9), coverage=(center,), config={"allow_partial_coverage": allowed})
    return [one.kind for one in shortfalls(found)]


@pytest.mark.parametrize("allowed", [False, True])
def test_no_option_excuses_a_split_center_whose_namespaces_do_not_cover_it(*, allowed: bool) -> None:
    for declared, covered in ((10, 9), (None, 9), (10, None)):
        center = Coverage(target="t", center="self", declared=declared, covered=covered, split=SPLIT)
        assert kinds_of(center, allowed=allowed) == ["uncovered"]
        plain = msgspec.structs.replace(center, split=None)
        assert kinds_of(plain, allowed=allowed) == ([] if allowed else ["uncovered"])


@pytest.mark.parametrize(
    ("before", "after", "uncovered"),
    [(9, 9, 0), (10, 10, 1), (9, 10, 1), (10, 9, 1), (8, 9, None), (9, 8, None), (8, 8, None), (None, 9, None)],
)
def test_a_split_center_is_covered_when_both_totals_are_the_sum(
    before: int | None, after: int | None, uncovered: int | None
) -> None:
    (center,) = cover([CenterTotal("t", "self", before, after)], [walk_entry("a", 9)], {("t", "self"): SPLIT})
    assert center.uncovered == uncovered


@pytest.mark.parametrize(
    ("unwritten", "b_is_complete", "before", "after", "published"),
    [
        ({"a": 1}, True, 9, 9, ""),  # the total fell from 10 to 9
        ({"a": 2}, True, 9, 9, "a"),  # more than it fell
        ({"a": 1, "b": 1}, True, 9, 9, "ab"),
        ({"a": 1}, True, 10, 9, "a"),  # the center does not agree with its namespaces
        ({"a": 1}, True, None, 9, "a"),
        ({"a": 1}, True, 9, None, "a"),
        ({"b": 1}, False, 9, 9, "b"),
        ({"a": 1, "b": 3}, False, 9, 9, "b"),
    ],
)
def test_what_only_the_passes_saw_is_gone_when_the_total_fell_by_as_many_and_published_otherwise(
    unwritten: dict[str, int], *, b_is_complete: bool, before: int | None, after: int | None, published: str
) -> None:
    entries = [walk_entry("a", 4), walk_entry("b", 5, "complete" if b_is_complete else "drifted")]
    total = CenterTotal("t", "self", before, after)
    assert namespaces_to_publish(SeenBefore(9, unwritten), entries, total, (10,)) == set(published)


def test_a_walk_that_missed_what_the_passes_saw_is_not_complete() -> None:
    entry = with_leftovers(walk_entry("a", 4), Published(2, 0, invalid=1, invalid_fields=frozenset({"size"})))
    assert (entry.verdict, entry.records, entry.seen, entry.invalid) == ("drifted", 6, 6, 1)
    assert entry.invalid_fields == ("size",)
    assert with_leftovers(walk_entry("a", 4), None) == walk_entry("a", 4)
