"""Laws of growth and shrinkage: beyond both bounds they are sudden, and only what both snapshots read is compared."""

from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.audit.comparison_rules import (
    Holding,
    Holdings,
    ProvenWalks,
    comparison_findings,
    is_sudden,
    unjudged_centers,
)
from crawler.audit.finding import Location
from crawler.config.audit_policy import Policy
from crawler.snapshot.manifest import Coverage, Manifest, WalkEntry
from tests.audit.examples import manifest, walk

POLICY = Policy(
    max_growth_percent=50,
    min_growth_records=10,
    min_growth_bytes=1000,
    max_shrink_percent=50,
    min_shrink_records=10,
    min_shrink_bytes=1000,
)
COUNTS = st.integers(0, 2**70)


def holdings(**namespaces: int) -> Holdings:
    """Return the holdings of a center `eu/self`: this many records of 1 byte in each namespace."""
    held = Holdings()
    for namespace, records in namespaces.items():
        for _ in range(records):
            held.add("eu", "self", namespace, 1)
    return held


def found(
    before: Holdings, now: Holdings, *, old: Manifest | None = None, new: Manifest | None = None
) -> list[Location]:
    return [one.location for one in comparison_findings(old or manifest(), before, new or manifest(), now, POLICY)]


CENTER, TEAM = Location("eu", "self"), Location("eu", "self", None, "team")


@pytest.mark.parametrize(
    ("before", "now", "sudden"),
    [
        (20, 30, False),  # 50 % and no more
        (20, 31, True),
        (10, 19, False),  # 90 %, but 9 records
        (10, 20, True),
        (0, 9, False),
        (0, 10, True),
        (30, 20, False),  # 33 % less
        (10, 10, False),
    ],
)
def test_growth_is_sudden_beyond_the_percentage_and_from_the_least_number_on(
    before: int, now: int, *, sudden: bool
) -> None:
    assert found(holdings(team=before), holdings(team=now)) == ([CENTER, TEAM] if sudden else [])


@pytest.mark.parametrize(
    ("before", "now", "places"),
    [
        (20, 10, []),  # 50 % and no more
        (21, 10, [CENTER, TEAM]),
        (18, 9, []),
        (12, 3, []),  # 75 %, but 9 records
        (12, 2, [CENTER, TEAM]),
        (9, 0, [CENTER]),  # a whole center that lost all it held
        (10, 0, [CENTER, TEAM]),
    ],
)
def test_shrinkage_is_sudden_beyond_the_percentage_and_from_the_least_number_on(
    before: int, now: int, places: list[Location]
) -> None:
    told = list(comparison_findings(manifest(), holdings(team=before), manifest(), holdings(team=now), POLICY))
    assert [one.location for one in told if one.rule.id == "SWR303"] == places


def test_shrinkage_says_from_what_to_what_in_records_and_in_bytes() -> None:
    before, now = Holdings(), Holdings()
    for _ in range(20):
        before.add("eu", "self", "team", 100)
    now.add("eu", "self", "team", 100)
    told = list(comparison_findings(manifest(), before, manifest(), now, POLICY))
    assert [(one.rule.id, one.location) for one in told] == [
        *(("SWR303", CENTER), ("SWR304", CENTER)),
        *(("SWR303", TEAM), ("SWR304", TEAM)),
    ]
    assert [one.violation.message for one in told[:2]] == [
        "shrank from 20 repositories to 1 repository, 95 % less",
        "shrank from 2.0 kB to 100 bytes, 95 % less",
    ]
    assert told[0].violation.evidence == {"before": 20, "now": 1, "max_shrink_percent": 50}


def test_a_hundred_percent_of_shrinkage_is_unlimited() -> None:
    unlimited = Policy(max_shrink_percent=100, min_shrink_records=1, min_shrink_bytes=1)
    assert not list(comparison_findings(manifest(), holdings(team=100), manifest(), holdings(), unlimited))


def covered(*walks: WalkEntry) -> Manifest:
    """Return the manifest of a center that was walked by namespaces which cover all it declares."""
    said = manifest(*walks, coverage=(Coverage(target="eu", center="self", declared=1, covered=1),))
    return said if walks else msgspec.structs.replace(said, walks=())


def test_a_namespace_without_a_walk_holds_nothing_where_the_rest_covers_the_center() -> None:
    two, one = covered(*by_namespace(team="complete", rest="complete")), covered(*by_namespace(rest="complete"))
    before, now = holdings(team=30, rest=40), holdings(rest=40)
    assert found(before, now, old=two, new=one) == [TEAM]
    assert found(now, before, old=one, new=two) == [CENTER, TEAM]
    assert unjudged_centers(one, two) == unjudged_centers(two, one) == unjudged_centers(manifest(), two) == []
    assert found(before, holdings(), old=two, new=covered()) == [CENTER, Location("eu", "self", None, "rest"), TEAM]


def test_a_center_with_an_unproven_walk_or_more_than_its_walks_cover_is_not_compared() -> None:
    torn = covered(*by_namespace(rest="partial"))
    short = manifest(
        *by_namespace(rest="complete"), coverage=(Coverage(target="eu", center="self", declared=9, covered=1),)
    )
    two = covered(*by_namespace(team="complete", rest="complete"))
    for new in (torn, short):
        assert found(holdings(team=30), holdings(), old=two, new=new) == []
        assert unjudged_centers(two, new) == ["eu/self"]


def test_a_center_that_only_the_earlier_snapshot_has_is_not_judged() -> None:
    assert unjudged_centers(manifest(walk(), walk(center="thirdparty")), manifest()) == ["eu/thirdparty"]


@given(COUNTS, COUNTS, st.integers(0, 10**6), st.integers(1, 2**50))
def test_growth_is_counted_exactly(before: int, now: int, percent: int, least: int) -> None:
    expected = now - before >= least and (before == 0 or Fraction(now - before, before) > Fraction(percent, 100))
    assert is_sudden(before, now, percent, least) is expected


def test_sizes_grow_like_numbers_and_an_unknown_size_counts_nothing() -> None:
    before, now = Holdings(), Holdings()
    for size in (None, -5, 100):
        before.add("eu", "self", "team", size)
    for size in (None, -5, 1100):
        now.add("eu", "self", "team", size)
    told = list(comparison_findings(manifest(), before, manifest(), now, POLICY))
    assert [(one.rule.id, one.location) for one in told] == [("SWR302", CENTER), ("SWR302", TEAM)]
    assert told[0].violation.message == "grew from 100 bytes to 1.1 kB, 1 000 % more"
    assert told[0].violation.evidence == {"before": 100, "now": 1100, "max_growth_percent": 50}
    assert now.of_center("eu", "self") == now.of_namespace("eu", "self", "team") == Holding(3, 1100)
    assert now.of_namespace("eu", "self", "other") == Holding()


def test_a_new_namespace_grew_from_nothing() -> None:
    (_, one) = comparison_findings(manifest(), holdings(), manifest(), holdings(team=10), POLICY)
    assert one.violation.message == "grew from 0 repositories to 10 repositories"


def test_without_a_percentage_nothing_is_sudden() -> None:
    unbounded = Policy(max_growth_percent=None, min_growth_records=1, min_growth_bytes=1)
    assert not list(comparison_findings(manifest(), holdings(), manifest(), holdings(team=100), unbounded))


def test_centers_come_before_namespaces_each_sorted() -> None:
    walks = [walk(center=center, target=target) for target in ("eu", "cn") for center in ("thirdparty", "self")]
    now = Holdings()
    for target, center, namespace in (("eu", "self", "b"), ("eu", "self", "a"), ("cn", "thirdparty", "z")):
        for _ in range(10):
            now.add(target, center, namespace, None)
    assert found(Holdings(), now, old=manifest(*walks), new=manifest(*walks)) == [
        Location("cn", "thirdparty"),
        Location("eu", "self"),
        Location("cn", "thirdparty", None, "z"),
        Location("eu", "self", None, "a"),
        Location("eu", "self", None, "b"),
    ]


@pytest.mark.parametrize(
    "doubt", [{"verdict": "drifted"}, {"verdict": "partial"}, {"verdict": "unproven"}, {"rejects": 1}]
)
def test_what_one_side_did_not_read_completely_is_not_compared(doubt: dict[str, Any]) -> None:
    before, now, torn = holdings(team=1), holdings(team=100), manifest(walk(**doubt))
    assert found(before, now, old=torn) == found(before, now, new=torn) == found(before, now, old=torn, new=torn) == []
    assert (
        unjudged_centers(torn, manifest())
        == unjudged_centers(manifest(), torn)
        == unjudged_centers(torn, torn)
        == ["eu/self"]
    )
    assert unjudged_centers(manifest(), manifest()) == []


def by_namespace(**verdicts: str) -> tuple[WalkEntry, ...]:
    return tuple(walk(namespace=name, verdict=verdict) for name, verdict in verdicts.items())


def test_a_namespace_that_is_proven_is_compared_though_its_center_is_not() -> None:
    old, new = (
        manifest(*by_namespace(team="complete", other="complete")),
        manifest(*by_namespace(team="complete", more="partial")),
    )
    before, now = holdings(team=1, other=1), holdings(team=100, more=100)
    assert found(before, now, old=old, new=new) == [TEAM]
    assert unjudged_centers(old, new) == ["eu/self"]


def test_a_center_is_compared_only_when_both_walked_the_same_of_it() -> None:
    one, both = manifest(*by_namespace(team="complete")), manifest(*by_namespace(team="complete", other="complete"))
    before, now = holdings(team=1), holdings(team=2, other=100)
    assert found(before, now, old=one, new=both) == []
    assert found(before, now, old=both, new=both) == [CENTER, Location("eu", "self", None, "other")]


def test_a_namespace_without_a_proven_walk_is_not_covered() -> None:
    proven = ProvenWalks(manifest(*by_namespace(team="complete", lost="partial")))
    assert proven.cover("eu", "self", "team")
    assert not proven.cover("eu", "self", "lost")
    assert not proven.cover("eu", "self", "other")
    assert not proven.cover("eu", "thirdparty", "team")
    assert proven.extent_of("eu", "thirdparty") == proven.extent_of("eu", "self") == frozenset()
    assert ProvenWalks(manifest()).cover("eu", "self", "anything")
