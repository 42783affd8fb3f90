"""Times become RFC 3339 UTC with six digits, on both paths; others are kept as they were sent, or mean none."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.swr.decode.item_strategies import (
    FORCE_LENIENT,
    TIMES,
    WrittenTime,
    batch_of,
    only_record,
    raw_item,
    records,
    written_times,
)


@given(written_times(), st.sampled_from(TIMES))
@settings(deadline=None)
def test_a_time_becomes_utc_with_six_digits_cut_and_not_rounded(written: WrittenTime, field: str) -> None:
    assert only_record(batch_of(raw_item(**{field: written.text})))[field] == written.expected


@given(st.lists(written_times(), min_size=2, max_size=6))
@settings(deadline=None)
def test_times_sort_as_text_in_the_order_of_their_moments(written: list[WrittenTime]) -> None:
    in_order = sorted(written, key=lambda time: time.moment)
    times = [
        record["updated_at"] for record in records(batch_of(*(raw_item(updated_at=time.text) for time in in_order)))
    ]
    assert times == sorted(times)


@pytest.mark.parametrize(
    ("given_time", "expected"),
    [
        ("2018-03-21T12:22:37Z", "2018-03-21T12:22:37.000000Z"),
        ("2026-04-28T09:18:19.83031Z", "2026-04-28T09:18:19.830310Z"),
        ("2017-09-11T03:00:02.999999999Z", "2017-09-11T03:00:02.999999Z"),
        ("2024-03-01T00:30:00+08:00", "2024-02-29T16:30:00.000000Z"),
        ("2024-01-01T00:00:00.7+01:00", "2023-12-31T23:00:00.700000Z"),  # as long as a canonical time
        ("2024-01-01T00:00:00.1234567", "2024-01-01T00:00:00.123456Z"),  # the same, without a zone
        ("2024-01-01t00:00:00.123456Z", "2024-01-01T00:00:00.123456Z"),
        ("2024-01-01 00:00:00.123456Z", "2024-01-01T00:00:00.123456Z"),
        ("2024-01-01T00:00:00.123456z", "2024-01-01T00:00:00.123456Z"),
    ],
)
def test_a_time_in_any_form_of_rfc_3339_is_read(given_time: str, expected: str) -> None:
    assert only_record(batch_of(raw_item(created_at=given_time)))["created_at"] == expected


@pytest.mark.parametrize(
    "impossible",
    [
        "2023-02-29T00:00:00Z",
        "2023-02-29T00:00:00.000000Z",  # canonical in form
        "2024-01-01T24:00:00Z",
        "2024-01-01T24:00:00.000000Z",
        "2024-01-01T00:60:00.000000Z",
        "2024-01-01T00:00:60.000000Z",
        "2024-13-01T00:00:00.000000Z",
        "0000-01-01T00:00:00.000000Z",
        "0001-01-01T00:00:00+01:00",  # before the first moment that exists
        "9999-12-31T23:59:59-00:01",
        "2024-01-01T00:00:00+24:00",
        "2024-01-01T00:00:00+01",
        "2024-01-01T00:00:00.Z",
        "2024-01-01T00:00:00,123456Z",
        "2024-01-01T00:00:00.12345 Z",
        "2024-01-01T00:00.00.123456Z",
        "2024-01-01X00:00:00.123456Z",
        "2024-01-01T00:00:00.123456X",
        "٢٠٢٤-01-01T00:00:00.000000Z",
        "2024-01-01T00:00:00.000000Z\n",
        "2024-01-01",
        "20240101T000000Z",
        "1704067200",
        "forever",
    ],
)
def test_an_impossible_time_is_null_and_kept_as_it_was_sent(impossible: str) -> None:
    for field in TIMES:
        batch = batch_of(raw_item(**{field: impossible}), raw_item(**{field: "2024-01-01T00:00:00.000000Z"}))
        record, other = records(batch)
        assert (record[field], record["invalid"]) == (None, {field: impossible})
        assert (other[field], "invalid" in other) == ("2024-01-01T00:00:00.000000Z", False)


def test_a_time_that_is_not_text_is_null_and_kept_as_it_was_sent() -> None:
    record = only_record(batch_of(raw_item(created_at=1704067200)))
    assert (record["created_at"], record["invalid"]) == (None, {"created_at": 1704067200})


@pytest.mark.parametrize(
    "none",
    [
        "",
        "0001-01-01",
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00.000Z",
        "0001-01-01T00:00:00.000000Z",
        "0001-01-01T00:00:00.000000000Z",
        "0001-01-01 00:00:00",
        "0001-01-01T08:05:43+08:05",  # as Go writes it in Shanghai
    ],
)
def test_the_times_that_say_that_there_is_none_are_null_on_both_paths_and_nothing_is_invalid(none: str) -> None:
    for more in ((), (FORCE_LENIENT,)):
        batch = batch_of(raw_item(created_at=none, updated_at="0001-01-02T00:00:00Z"), raw_item(updated_at=none), *more)
        first, second = records(batch)
        assert (first["created_at"], first["updated_at"]) == (None, "0001-01-02T00:00:00.000000Z")
        assert second["updated_at"] is None
        assert batch.invalid == 0
        assert b"invalid" not in batch.lines


# ---- both paths

WRITTEN = st.sampled_from(
    ["2021-06-02T09:23:01.751202123Z", "2021-06-02T09:23:01.5Z", "2021-06-02T09:23:01Z", "2024-02-30T09:23:01.5+02:00"]
)
PLACES = st.integers(0, 31)


@st.composite
def mutated_times(draw: st.DrawFn) -> str:
    text = draw(WRITTEN)
    for at in draw(st.lists(PLACES, max_size=3)):
        text = text[:at] + draw(st.sampled_from(["", *"0129ZzTt+-:. ,\u0661"])) + text[at + draw(st.integers(0, 1)) :]
    return text


@given(mutated_times())
@example("2021-06-02T09:23:01.7512021Z2")
@example("2021-06-02T09:23:01.751202+0Z")
@example("2021-06-02T09:23:01.75")
def test_both_paths_agree_on_every_text_that_is_almost_a_time(text: str) -> None:
    item = raw_item(created_at=text)
    fast, lenient = batch_of(item), batch_of(raw_item(name="b", size="1"), item)
    assert lenient.lines.splitlines()[1:] == fast.lines.splitlines()
    assert lenient.rejected == fast.rejected
    assert lenient.invalid_fields == fast.invalid_fields
