"""What the report counts, held to counting by hand."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.report.statistics import AGE_BINS, LONGEST, SIZE_BINS, GroupTotals, Statistics, TopN, row_of, shown, top
from tests.audit.examples import record

MOMENT = "2026-11-23T12:00:00.000000Z"


def counted(*records: dict[str, object], listed: int = 100, most: int = 10) -> Statistics:
    figures = Statistics(MOMENT, listed=listed, most=most)
    for fields in records:
        figures.add(record(**fields))
    return figures


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
    assert [sum(getattr(line.sum, field) for line in lines) for field in ("records", "size", "downloads")] == [
        total,
        2 * total,
        3 * total,
    ]
    assert sum(line.groups for line in lines) == len(groups)
    assert len(lines) <= most + 1


def test_no_domain_is_no_domain() -> None:
    assert counted({"domain_name": None}, {"domain_name": ""}, {"domain_name": "acme"}).domains == 1


@pytest.mark.parametrize(
    ("size", "where"),
    [(0, "empty"), (1, "under 1 MB"), (10**6 - 1, "under 1 MB"), (10**6, "1 to 10 MB"), (10**11, "over 100 GB")],
)
def test_a_size_is_in_one_bin(size: int, where: str) -> None:
    sizes = dict(zip(SIZE_BINS, counted({"size": size}).by_size, strict=True))
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
def test_an_age_is_told_from_the_end_of_the_reading(updated: str, where: str) -> None:
    ages = {name: age.records for name, age in zip(AGE_BINS, counted({"updated_at": updated}).by_age, strict=True)}
    assert ages == dict.fromkeys(AGE_BINS, 0) | {where: 1}


def test_what_the_service_did_not_tell_is_counted_as_untold() -> None:
    figures = counted({"size": None, "updated_at": None, "created_at": None, "num_download": None, "num_images": None})
    assert (figures.undated, figures.unsized, dict(figures.by_year), figures.total) == (1, 1, {}, GroupTotals(1, 0, 0))
    assert (figures.biggest, figures.oldest.values(), figures.popular.values()) == ([], [], [])


def test_only_a_share_of_others_expires() -> None:
    figures = counted(
        {"center": "self", "status": False},
        {"center": "thirdparty", "status": False},
        {"center": "thirdparty", "status": True},
        {"center": "thirdparty", "status": None, "is_public": True},
    )
    assert (figures.expired, figures.public) == (1, 1)


def test_every_figure_counts_all_records_also_those_the_table_leaves_out() -> None:
    sizes = random.Random(1).sample(range(1, 10_000), 500)  # noqa: S311 - examples
    figures = counted(*({"size": size, "namespace": f"n{size % 7}"} for size in sizes), listed=20, most=3)
    assert [row.size for row in figures.largest.values()] == sorted(sizes, reverse=True)[:20]
    assert [row.size for row in figures.biggest] == sorted(sizes, reverse=True)[:3]
    assert figures.total == GroupTotals(500, sum(sizes), 0)
    assert sum(group.size for group in figures.groups.namespace.values()) == sum(sizes)


@given(st.text())
def test_shown_text_shows_itself_and_is_short(text: str) -> None:
    assert shown(text).isprintable()
    assert len(shown(text)) <= LONGEST


def test_a_huge_name_costs_no_more_than_a_long_one() -> None:
    assert row_of(record(name="x" * 10**6)).name == "x" * (LONGEST - 1) + "…"
