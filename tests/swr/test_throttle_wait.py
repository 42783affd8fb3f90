"""A response that throttles says how long to wait in many spellings; each is read, and no nonsense is obeyed."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.swr.throttle_wait import asks_to_wait, throttle_wait_s

DATE: Final = "Mon, 23 Nov 2026 12:00:00 GMT"
NOON_S: Final = 1795435200


@pytest.mark.parametrize(
    ("retry_after", "date", "seconds"),
    [
        ("0", None, 0.0),
        ("7", None, 7.0),
        (" 7 ", None, 7.0),
        ("007", None, 7.0),
        ("6.5", None, 6.5),
        ("6s", None, 6.0),
        ("6 seconds", None, 6.0),
        ("2 min", None, 120.0),
        ("1h", None, 3600.0),
        ("500ms", None, 0.5),
        ("6, 6", None, 6.0),
        ("6,90", None, 90.0),
        (str(NOON_S + 30), DATE, 30.0),
        (str(1000 * (NOON_S + 30)), DATE, 30.0),
        (str(NOON_S - 30), DATE, 0.0),
        (str(NOON_S + 30), None, None),
        ("2026-11-23T12:00:30Z", DATE, 30.0),
        ("2026-11-23T13:00:30+01:00", DATE, 30.0),
        ("2026-11-23 12:00:30", DATE, 30.0),
        ("Mon, 23 Nov 2026 12:00:30 GMT", DATE, 30.0),
        ("Monday, 23-Nov-26 12:00:30 GMT", DATE, 30.0),  # RFC 850, obsolete, but clients must accept it
        ("Mon Nov 23 12:00:30 2026", DATE, 30.0),  # asctime, likewise
        ("Mon, 23 Nov 2026 13:00:30 +0100", DATE, 30.0),
        ("Mon, 23 Nov 2026 12:00:30 -0000", DATE, 30.0),
        ("Mon, 23 Nov 2026 11:59:00 GMT", DATE, 0.0),
        ("Mon, 23 Nov 2026 12:00:30 GMT", None, None),
        ("Mon, 23 Nov 2026 12:00:30 GMT", "yesterday", None),
        ("Mon, 23 Nov 2026 12:00:30 GMT", "Mon, 23 Nov 99999999999999999999 12:00:00 GMT", None),
        ("Mon, 23 Nov 99999999999999999999 12:00:00 GMT", DATE, None),
        ("Mon, 23 Nov 2026 12:00:00 +99999999999999999999", DATE, None),
        ("Mon, 32 Nov 2026 12:00:00 GMT", DATE, None),
        ("9" * 400, DATE, None),
        ("99999999", DATE, None),  # three years: a mistake of the server
        ("-5", DATE, None),
        ("6,", DATE, None),
        ("\u00b2", DATE, None),
        ("\u0663", DATE, None),
        ("2026-99-23T12:00:30Z", DATE, None),
        ("soon", DATE, None),
        ("", DATE, None),
    ],
)
def test_retry_after_is_read_in_each_spelling_by_the_clock_of_the_service(
    retry_after: str, date: str | None, seconds: float | None
) -> None:
    headers = {"Retry-After": retry_after} | ({} if date is None else {"Date": date})
    assert throttle_wait_s(headers) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"X-RateLimit-Reset": "40"}, 40.0),
        ({"RateLimit-Reset": "40"}, 40.0),
        ({"X-Rate-Limit-Reset": str(NOON_S + 40), "Date": DATE}, 40.0),
        ({"Retry-After": "3", "X-RateLimit-Reset": "40"}, 3.0),
        ({"Retry-After": "soon", "X-RateLimit-Reset": "40"}, 40.0),
        ({"RateLimit": "limit=10, remaining=0, reset=50"}, 50.0),
        ({"RateLimit": '"default";r=0;t=50'}, 50.0),
        ({"X-Apig-RateLimit-api": "remain:0,limit:10,time:1 minute"}, 60.0),
        ({"x-ratelimit-user": "remain: 0, limit: 10, time: 10 second"}, 10.0),
        ({"X-Apig-RateLimit-api": "remain:98,limit:100,time:1 minute"}, None),
        (
            {"X-Apig-RateLimit-api": "remain:0,time:1 minute", "X-Apig-RateLimit-ip": "remain:0,time:1 hour"},
            3600,
        ),
        ({"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "0"}, None),
        ({}, None),
    ],
)
def test_gateways_say_it_in_headers_of_their_own(headers: dict[str, str], seconds: float | None) -> None:
    assert throttle_wait_s(headers) == seconds


NOTHING_REMAINS: Final = (
    {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "30"},
    {"RateLimit-Remaining": "0", "RateLimit-Reset": "30"},
    {"X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": "30"},
    {"X-RateLimit-Remaining-Minute": "0", "X-RateLimit-Remaining-Hour": "98", "RateLimit-Reset": "30"},
    {"X-RateLimit-Remaining": "98, 0", "X-RateLimit-Reset": "30"},
    {"RateLimit": "limit=10, remaining=0, reset=30"},
    {"RateLimit": '"default";r=0;t=30'},
    {"X-Apig-RateLimit-api": "remain:0,limit:10,time:30 second"},
    {"X-Apig-RateLimit-api": "remain:98,limit:99,time:1 hour", "X-Apig-RateLimit-ip": "remain:0,time:30 s"},
)
SOMETHING_REMAINS: Final[tuple[dict[str, str], ...]] = (
    {"X-RateLimit-Remaining": "98", "X-RateLimit-Reset": "30"},
    {"RateLimit-Remaining": "10", "RateLimit-Reset": "30"},
    {"RateLimit": "limit=10, remaining=5, reset=30"},
    {"RateLimit": '"default";r=50;t=30'},
    {"X-Apig-RateLimit-api": "remain:98,limit:100,time:1 minute"},
    {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "0"},  # the quota is there again
    {"X-RateLimit-Remaining": "0"},
    {},
)
UNKNOWN: Final = (
    {"X-RateLimit-Reset": "30"},
    {"RateLimit-Reset": "30"},
    {"X-Rate-Limit-Reset": "30"},
    {"RateLimit": "t=30"},
)


@pytest.mark.parametrize("headers", NOTHING_REMAINS, ids=repr)
@pytest.mark.parametrize("refuses", [True, False])
def test_a_failure_after_the_quota_is_used_up_throttles(headers: dict[str, str], refuses: bool) -> None:  # noqa: FBT001 - a parameter
    assert asks_to_wait(headers, refuses=refuses)
    assert throttle_wait_s(headers) == 30.0


@pytest.mark.parametrize("headers", SOMETHING_REMAINS, ids=repr)
@pytest.mark.parametrize("refuses", [True, False])
def test_a_failure_while_the_quota_lasts_is_that_failure(headers: dict[str, str], refuses: bool) -> None:  # noqa: FBT001 - a parameter
    assert not asks_to_wait(headers, refuses=refuses)


@pytest.mark.parametrize("headers", UNKNOWN, ids=repr)
def test_when_the_quota_is_reset_is_no_reason_of_a_refusal_and_one_of_a_failure_that_may_pass(
    headers: dict[str, str],
) -> None:
    assert not asks_to_wait(headers, refuses=True)
    assert asks_to_wait(headers, refuses=False)


@pytest.mark.parametrize("name", ["Retry-After", "X-Retry-After"])
@pytest.mark.parametrize("others", [*NOTHING_REMAINS, *SOMETHING_REMAINS], ids=repr)
def test_a_retry_after_throttles_whatever_remains(name: str, others: dict[str, str]) -> None:
    for retry_after in ("30", "soon"):
        assert asks_to_wait({name: retry_after, **others}, refuses=True)
        assert asks_to_wait({name: retry_after, **others}, refuses=False)


@given(
    st.dictionaries(st.sampled_from(["Retry-After", "RateLimit", "X-RateLimit-Reset", "Date"]), st.text(max_size=40))
)
def test_any_text_is_a_time_of_at_most_a_month_or_none(headers: dict[str, str]) -> None:
    wait_s = throttle_wait_s(headers)
    assert wait_s is None or 0.0 <= wait_s <= 31 * 86_400
    if asks_to_wait(headers, refuses=True):
        assert asks_to_wait(headers, refuses=False)
