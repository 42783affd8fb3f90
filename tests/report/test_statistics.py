"""Laws of the statistics: they are what counting by hand gives."""

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.report.groups import GroupTotals, top
from crawler.report.histograms import AGE_BINS, SIZE_BINS
from crawler.report.rankings import TopN
from crawler.report.row import LONGEST, row_of, shown
from crawler.report.statistics import Statistics
from tests.audit.examples import record

MOMENT = datetime(2026, 11, 23, 12, tzinfo=UTC)


def counted(*records: dict[str, object], listed: int = 100, most: int = 10) -> Statistics:
    statistics = Statistics(MOMENT, listed=listed, most=most)
    for fields in records:
        statistics.add(record(**fields))
    return statistics


@given(st.lists(st.integers()), st.integers(1, 5))
def test_the_first_of_a_stream_are_those_of_the_sorted_list(keys: list[int], most: int) -> None:
    first: TopN[int] = TopN(most)
    for place, key in enumerate(keys):
        if first.takes(key):
            first.add(key, place)
    assert first.values() == sorted(range(len(keys)), key=keys.__getitem__)[:most]


@given(st.dictionaries(st.text(max_size=2), st.integers(1, 9), max_size=9), st.integers(1, 4))
def test_no_record_is_lost_between_the_lines_of_a_group(groups: dict[str, int], most: int) -> None:
    lines = top({name: GroupTotals(number, 2 * number, 3 * number) for name, number in groups.items()}, most)
    total = sum(groups.values())
    assert [sum(getattr(line.totals, field) for line in lines) for field in ("records", "size", "downloads")] == [
        total,
        2 * total,
        3 * total,
    ]
    assert sum(line.groups for line in lines) == len(groups)
    assert len(lines) <= most + 1


def test_a_missing_domain_is_not_counted_as_a_domain() -> None:
    assert counted({"domain_name": None}, {"domain_name": ""}, {"domain_name": "acme"}).domains == 1


@pytest.mark.parametrize(
    ("size", "where"),
    [(0, "empty"), (1, "under 1 MB"), (10**6 - 1, "under 1 MB"), (10**6, "1 to 10 MB"), (10**11, "over 100 GB")],
)
def test_a_size_is_in_one_bin(size: int, where: str) -> None:
    sizes = dict(zip(SIZE_BINS, counted({"size": size}).histograms.by_size, strict=True))
    assert sizes == dict.fromkeys(SIZE_BINS, 0) | {where: 1}


@pytest.mark.parametrize(
    ("updated", "where"),
    [
        ("2026-11-23T12:00:00.000000Z", "under 1 week"),
        ("2026-11-16T12:00:00.000001Z", "under 1 week"),
        ("2026-11-16T12:00:00.000000Z", "1 to 4 weeks"),
        ("2027-01-01T00:00:00.000000Z", "under 1 week"),
        ("2021-11-24T12:00:00.000000Z", "over 5 years"),
        ("0001-01-01T00:00:00.000000Z", "over 5 years"),
    ],
)
def test_an_age_is_counted_to_the_end_of_the_crawl(updated: str, where: str) -> None:
    ages = {
        name: age.records
        for name, age in zip(AGE_BINS, counted({"updated_at": updated}).histograms.by_age, strict=True)
    }
    assert ages == dict.fromkeys(AGE_BINS, 0) | {where: 1}


def test_fields_that_the_service_did_not_send_are_counted_as_unknown() -> None:
    unknown: dict[str, object] = {
        "size": None,
        "updated_at": None,
        "created_at": None,
        "num_download": None,
        "num_images": None,
    }
    statistics = counted(unknown)
    histograms, rankings = statistics.histograms, statistics.rankings
    assert (histograms.undated, histograms.unsized, dict(histograms.by_year)) == (1, 1, {})
    assert statistics.total == GroupTotals(1, 0, 0)
    assert (rankings.biggest, rankings.oldest.values(), rankings.popular.values()) == ([], [], [])


def test_only_a_share_of_others_expires() -> None:
    statistics = counted(
        {"center": "self", "status": False},
        {"center": "thirdparty", "status": False},
        {"center": "thirdparty", "status": True},
        {"center": "thirdparty", "status": None, "is_public": True},
    )
    assert (statistics.expired, statistics.public) == (1, 1)


def test_all_numbers_count_all_records_also_those_the_table_leaves_out() -> None:
    sizes = random.Random(1).sample(range(1, 10_000), 500)  # noqa: S311 - examples
    statistics = counted(*({"size": size, "namespace": f"n{size % 7}"} for size in sizes), listed=20, most=3)
    assert [row.size for row in statistics.rankings.largest.values()] == sorted(sizes, reverse=True)[:20]
    assert [row.size for row in statistics.rankings.biggest] == sorted(sizes, reverse=True)[:3]
    assert statistics.total == GroupTotals(500, sum(sizes), 0)
    assert sum(group.size for group in statistics.groups.namespace.values()) == sum(sizes)


@given(st.text())
def test_shown_text_is_printable_and_short(text: str) -> None:
    assert shown(text).isprintable()
    assert len(shown(text)) <= LONGEST


def test_a_huge_name_costs_no_more_than_a_long_one() -> None:
    assert row_of(record(name="x" * 10**6)).name == "x" * (LONGEST - 1) + "…"
