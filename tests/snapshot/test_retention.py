"""Laws of retention: what any rule keeps is kept, the newest complete snapshot always, and evidence is not lost."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.config.retention import Retention
from crawler.snapshot.history.retention import DatedSnapshot, before, keep

NIGHTS = datetime(2026, 11, 28, 2, 0, tzinfo=UTC)


def night(days_ago: int, *, is_complete: bool = True, hour: int = 2) -> DatedSnapshot:
    moment = (NIGHTS - timedelta(days=days_ago)).replace(hour=hour)
    return DatedSnapshot(f"{moment:%m-%dT%H}", moment, is_complete)


EVERY_NIGHT = [night(days) for days in range(100)]  # Saturday 2026-11-28 back to 2026-08-21


def kept(snapshots: Iterable[DatedSnapshot], **rules: object) -> list[str]:
    return list(keep(snapshots, msgspec.convert(rules, Retention)))


# --- each rule


def test_the_last_ones_are_kept_newest_first() -> None:
    assert kept(EVERY_NIGHT, keep_last=3) == ["11-28T02", "11-27T02", "11-26T02"]


def test_of_each_day_the_newest_is_kept_and_a_day_without_a_snapshot_does_not_count() -> None:
    some = [night(0, hour=5), night(0, hour=23), night(1), night(4, hour=1), night(4, hour=3), night(9)]
    assert kept(some, keep_daily=3) == ["11-28T23", "11-27T02", "11-24T03"]


def test_weeks_are_those_of_iso_8601_and_begin_on_monday() -> None:
    assert kept(EVERY_NIGHT, keep_weekly=3) == ["11-28T02", "11-22T02", "11-15T02"]
    new_year = [DatedSnapshot(day, datetime.fromisoformat(day).replace(tzinfo=UTC), is_complete=True) for day in (
        *("2027-01-04", "2027-01-03", "2026-12-31", "2026-12-28", "2026-12-27"),
    )]  # fmt: skip
    assert keep(new_year, Retention(keep_weekly=9)) == {
        "2027-01-04": ("newest complete", "weekly 2027-W01"),
        "2027-01-03": ("weekly 2026-W53",),
        "2026-12-27": ("weekly 2026-W52",),
    }


def test_of_each_month_the_newest_is_kept() -> None:
    assert kept(EVERY_NIGHT, keep_monthly=12) == ["11-28T02", "10-31T02", "09-30T02", "08-31T02"]


def test_what_began_within_a_time_before_the_newest_is_kept_however_long_ago_that_was() -> None:
    assert kept(EVERY_NIGHT, keep_within="2d") == ["11-28T02", "11-27T02", "11-26T02"]
    assert kept(EVERY_NIGHT, keep_within="47h") == ["11-28T02", "11-27T02"]
    assert kept(EVERY_NIGHT, keep_within="1m")[-1] == "10-28T02"


@pytest.mark.parametrize(
    ("moment", "span", "wanted"),
    [
        ("2027-03-31T10:00", "1m", "2027-02-28T10:00"),
        ("2028-02-29T10:00", "1y", "2027-02-28T10:00"),
        ("2026-01-15T10:00", "1m", "2025-12-15T10:00"),
        ("2026-11-28T01:30", "1y2m3d4h", "2025-09-24T21:30"),
        ("2026-11-28T00:00", "999y", "1027-11-28T00:00"),
        ("1970-01-01T00:00", "9999m", "1136-10-01T00:00"),
        ("0900-01-01T00:00", "999y", None),
        ("2026-01-01T00:00", "99999d", "1752-03-19T00:00"),
        ("1970-01-01T00:00", "999y9999m99999d999999h", None),
        ("1970-01-01T00:00", "999y9000m99999d999999h", None),
    ],
)
def test_a_time_back_is_counted_by_the_calendar_and_ends_where_that_does(
    moment: str, span: str, wanted: str | None
) -> None:
    earliest = datetime.min.replace(tzinfo=UTC)
    expected = earliest if wanted is None else datetime.fromisoformat(wanted).replace(tzinfo=UTC)
    assert before(datetime.fromisoformat(moment).replace(tzinfo=UTC), span) == expected


def test_each_reason_is_said() -> None:
    reasons = keep(EVERY_NIGHT, Retention(keep_last=1, keep_daily=2, keep_within="1d"), {"11-20T02": ("latest",)})
    assert reasons == {
        "11-28T02": ("newest complete", "last", "daily 2026-11-28", "within 1d"),
        "11-27T02": ("daily 2026-11-27", "within 1d"),
        "11-20T02": ("latest",),
    }


# --- what is not complete


def test_an_incomplete_one_counts_for_no_rule_and_goes_when_all_that_is_kept_is_newer() -> None:
    nights = [night(days, is_complete=days not in {0, 2, 5}) for days in range(8)]
    reasons = keep(nights, Retention(keep_last=2))
    assert list(reasons) == ["11-28T02", "11-27T02", "11-26T02", "11-25T02"]
    assert reasons["11-28T02"] == reasons["11-26T02"] == ("newer than the oldest complete one that is kept",)
    assert reasons["11-27T02"] == ("newest complete", "last")


def test_without_a_complete_one_nothing_is_removed() -> None:
    nights = [night(days, is_complete=False) for days in range(3)]
    assert keep(nights, Retention(keep_last=1)) == {one.snapshot: ("no snapshot is complete",) for one in nights}
    assert keep([], Retention(keep_within="1d")) == {}


def test_of_one_instant_the_larger_id_is_the_newer_one_as_everywhere() -> None:
    twins = [DatedSnapshot(name, NIGHTS, is_complete=True) for name in ("a", "c", "b")]
    assert kept(twins, keep_last=2) == ["c", "b"]


# --- laws

MOMENTS = st.integers(0, 24 * 800).map(lambda hours: NIGHTS - timedelta(hours=hours))
SNAPSHOTS = st.lists(
    st.builds(DatedSnapshot, st.text("abcdefgh", min_size=1, max_size=4), MOMENTS, st.booleans()),
    max_size=25,
    unique_by=lambda one: one.snapshot,
)
NUMBERS = st.integers(0, 6)
RULES = st.builds(
    Retention,
    keep_last=NUMBERS,
    keep_daily=NUMBERS,
    keep_weekly=NUMBERS,
    keep_monthly=NUMBERS,
    keep_within=st.sampled_from([None, "1h", "3d", "40d", "2m", "1y"]),
)
FIELDS = Retention.__struct_fields__


def complete_ones(snapshots: list[DatedSnapshot]) -> set[str]:
    return {one.snapshot for one in snapshots if one.is_complete}


@given(SNAPSHOTS, RULES, st.sets(st.text("abcdefgh", min_size=1, max_size=4)))
def test_pruning_twice_removes_nothing_more(snapshots: list[DatedSnapshot], rules: Retention, names: set[str]) -> None:
    pinned = dict.fromkeys(names, ("pinned",))
    once = keep(snapshots, rules, pinned)
    left = [one for one in snapshots if one.snapshot in once]
    assert keep(left, rules, pinned) == once


@given(SNAPSHOTS, RULES)
def test_what_is_kept_of_complete_ones_is_what_each_rule_alone_keeps(
    snapshots: list[DatedSnapshot], rules: Retention
) -> None:
    alone = [Retention(**{name: getattr(rules, name)}) for name in FIELDS]
    union = set().union(*(keep(snapshots, rule) for rule in alone))
    assert set(keep(snapshots, rules)) & complete_ones(snapshots) == union & complete_ones(snapshots)


@given(SNAPSHOTS, RULES, RULES)
def test_more_rules_and_larger_numbers_never_keep_less(
    snapshots: list[DatedSnapshot], rules: Retention, others: Retention
) -> None:
    larger = {name: max(getattr(rules, name), getattr(others, name)) for name in FIELDS if name != "keep_within"}
    more = Retention(**larger, keep_within=rules.keep_within or others.keep_within)
    assert set(keep(snapshots, rules)) <= set(keep(snapshots, more))


@given(SNAPSHOTS, RULES, st.sets(st.text("abcdefgh", min_size=1, max_size=4)))
def test_the_newest_complete_one_and_what_is_pinned_are_always_kept(
    snapshots: list[DatedSnapshot], rules: Retention, names: set[str]
) -> None:
    found = keep(snapshots, rules, dict.fromkeys(names, ("pinned",)))
    newest = max((one for one in snapshots if one.is_complete), key=lambda one: one.age, default=None)
    assert newest is None or newest.snapshot in found
    assert names & {one.snapshot for one in snapshots} <= set(found)


@given(SNAPSHOTS, RULES)
def test_no_incomplete_one_is_removed_that_is_newer_than_a_complete_one_that_is_kept(
    snapshots: list[DatedSnapshot], rules: Retention
) -> None:
    found = keep(snapshots, rules)
    removed = [one for one in snapshots if one.snapshot not in found and not one.is_complete]
    stays = [one for one in snapshots if one.snapshot in found and one.is_complete]
    assert all(gone.age < one.age for gone in removed for one in stays)
