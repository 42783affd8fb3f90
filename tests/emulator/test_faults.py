"""Each fault does what its name says, and nothing else."""

from dataclasses import fields
from typing import get_args

import orjson
import pytest

from crawler.emulator.faults.registry import (
    FAULTS,
    RENAMED_FAULTS,
    ArrayErrors,
    Burst,
    Churn,
    ClampLimit,
    CorruptGzip,
    DeleteAfter,
    DropConnection,
    EmptyPage,
    Fault,
    FaultArea,
    FaultReference,
    FromCache,
    HtmlResponse,
    IgnoreOffset,
    InsertAfter,
    MissingTotal,
    MixedTotals,
    NoContentWhenEmpty,
    NullWhenEmpty,
    RandomFaults,
    Redirect,
    RefuseDirectParameters,
    RefuseFilter,
    RefuseLimitAbove,
    RefuseOrder,
    RefuseUnaligned,
    RepeatLastPage,
    ServerErrors,
    ShortPage,
    SlowResponse,
    StringTotal,
    SwrThrottle403,
    Throttle,
    TotalIsPageLength,
    TotalOffBy,
    TruncatedJson,
    Unauthorized,
    WrongContentLength,
    parse_fault,
    reference,
)
from crawler.emulator.fields.parameter import COMMON_PARAMETERS
from crawler.emulator.http.response import DROPPED, ERROR_STATUSES, IMMEDIATE
from crawler.errors import UsageError
from tests.emulator.client import DirectClient, inventory_of, item, items_of, numbered, sample_text, status_and_code

TEN = numbered(10)
NAMES = [f"a{number:04}" for number in range(10)]


def with_faults(*faults: Fault) -> DirectClient:
    return DirectClient(TEN, faults)


def statuses(client: DirectClient, requests: int) -> list[int]:
    return [client.get().status for _ in range(requests)]


def totals(client: DirectClient, requests: int) -> list[int | str]:
    return [items_of(client.get())[0]["total_range"] for _ in range(requests)]


def content_range(client: DirectClient, query: str = "") -> str | None:
    return dict(client.get(query).headers).get("Content-Range")


def test_a_clamped_limit_gives_shorter_pages_and_the_same_total() -> None:
    client = with_faults(ClampLimit(3))
    assert client.window(3, 6) == NAMES[3:6]
    assert client.window(3, 2) == NAMES[3:5]
    assert content_range(client, "limit=6&offset=3") == "3-3/10"
    assert client.state.triggered[0] == 2


def test_an_empty_page_is_sent_a_given_number_of_times() -> None:
    client = with_faults(EmptyPage(4, times=2))
    assert [client.window(4, 2) for _ in range(3)] == [[], [], NAMES[4:6]]
    assert client.window(2, 2) == NAMES[2:4]
    assert content_range(with_faults(EmptyPage(4)), "limit=2&offset=4") == "4-0/10"


def test_an_empty_page_is_sent_for_ever_by_default() -> None:
    client = with_faults(EmptyPage(4))
    assert [client.window(4, 2) for _ in range(3)] == [[], [], []]


def test_a_short_page_lacks_its_last_rows() -> None:
    client = with_faults(ShortPage(4, missing=3, times=1))
    assert [client.window(4, 4) for _ in range(2)] == [NAMES[4:5], NAMES[4:8]]
    assert with_faults(ShortPage(0, missing=9)).window(0, 4) == []


def test_every_page_can_be_empty_or_short() -> None:
    assert [with_faults(EmptyPage(None)).window(at, 2) for at in (0, 4)] == [[], []]
    client = with_faults(ShortPage(None, times=2))
    assert [client.window(at, 2) for at in (0, 4, 6)] == [NAMES[:1], NAMES[4:5], NAMES[6:8]]


def test_a_page_can_come_from_a_cache() -> None:
    client = with_faults(FromCache(first=1, age_s=5), FromCache(first=2))
    assert [dict(client.get().headers).get("Age") for _ in range(3)] == ["5", "60", None]


def test_an_ignored_offset_returns_the_first_page_every_time() -> None:
    client = with_faults(IgnoreOffset())
    assert client.window(4, 2) == client.window(0, 2) == NAMES[:2]


def test_beyond_the_end_the_last_page_is_repeated() -> None:
    client = with_faults(RepeatLastPage())
    assert client.window(8, 4) == client.window(12, 4) == client.window(400, 4) == NAMES[8:]
    assert client.window(10, 5) == NAMES[5:]
    assert DirectClient(numbered(0), [RepeatLastPage()]).window(5, 5) == []


@pytest.mark.parametrize(("in_items", "in_header"), [(True, True), (True, False), (False, True)])
def test_totals_can_be_missing_in_items_and_in_the_header(in_items: bool, in_header: bool) -> None:  # noqa: FBT001
    client = with_faults(MissingTotal(in_items, in_header))
    assert all(("total_range" in one) != in_items for one in items_of(client.get()))
    assert (content_range(client) is None) == in_header


def test_a_total_can_be_the_length_of_the_page() -> None:
    client = with_faults(TotalIsPageLength())
    assert {one["total_range"] for one in items_of(client.get("limit=4&offset=4"))} == {4}
    assert content_range(client, "limit=4&offset=8") == "8-2/2"
    assert totals(client, 1) == [10]


def test_a_total_can_be_off_on_some_pages() -> None:
    assert totals(with_faults(TotalOffBy(every=2, by=3)), 4) == [10, 13, 10, 13]
    assert totals(with_faults(TotalOffBy(first=1, by=-99)), 2) == [0, 10]
    assert content_range(with_faults(TotalOffBy(every=1))) == "0-10/11"


def test_the_items_of_a_page_can_disagree_about_the_total() -> None:
    client = with_faults(MixedTotals(first=1, by=-2), StringTotal())
    assert [one["total_range"] for one in items_of(client.get("limit=3&offset=0"))] == ["10", "10", "8"]
    assert totals(client, 1) == ["10"]
    assert with_faults(MixedTotals(every=1)).window(10, 5) == []


def test_a_total_of_any_fault_can_be_a_string() -> None:
    client = with_faults(TotalIsPageLength(), StringTotal())
    assert {one["total_range"] for one in items_of(client.get("limit=4&offset=4"))} == {"4"}
    assert "total_range" not in items_of(with_faults(MissingTotal(), StringTotal()).get())[0]


def test_a_burst_triggers_on_the_first_requests_and_on_every_nth() -> None:
    assert statuses(with_faults(Burst(first=2)), 4) == [503, 503, 200, 200]
    assert statuses(with_faults(Burst(every=3, status=500)), 6) == [200, 200, 500, 200, 200, 500]
    assert statuses(with_faults(Burst(first=1, every=4)), 4) == [503, 200, 200, 503]


@pytest.mark.parametrize("status", ERROR_STATUSES)
def test_every_error_has_a_body_with_a_code(status: int) -> None:
    answered, error_code = status_and_code(with_faults(Burst(first=1, status=status)).get())
    assert answered == status
    assert error_code.startswith(("SVCSTG.SWR.", "APIGW."))


def test_server_errors_hit_a_share_that_the_seed_decides() -> None:
    one, same, other = (statuses(with_faults(ServerErrors(0.2, seed)), 300) for seed in (1, 1, 2))
    assert one == same != other
    assert set(one) == {200, 500}
    assert 30 < one.count(500) < 90
    assert set(statuses(with_faults(ServerErrors(1)), 5)) == {500}
    assert set(statuses(with_faults(ServerErrors(0)), 5)) == {200}


def test_throttling_has_retry_after_in_either_form_or_not_at_all() -> None:
    silent = with_faults(Throttle(first=1))
    response = silent.get()
    assert status_and_code(response) == (429, "APIGW.0308")
    assert response.headers == ()
    assert statuses(silent, 2) == [200, 200]
    seconds = with_faults(Throttle(every=1, retry_after_s=3)).get()
    assert seconds.headers == (("Retry-After", "3"),)
    date = with_faults(Throttle(first=1, retry_after_s=60, as_date=True)).get()
    assert date.headers == (("Retry-After", "Sun, 06 Nov 1994 08:50:37 GMT"),)


@pytest.mark.parametrize(
    ("parameters", "retry_after"),
    [
        ("retry_after_s=-5", "-5"),
        ("retry_after_s=-60,as_date=true", "Sun, 06 Nov 1994 08:48:37 GMT"),
        ("retry_after_s=315360000", "315360000"),
        ("retry_after=soon", "soon"),
        ("retry_after=1e9,retry_after_s=1", "1e9"),
    ],
)
def test_retry_after_may_be_nonsense(parameters: str, retry_after: str) -> None:
    assert with_faults(parse_fault(f"throttle:first=1,{parameters}")).get().headers == (("Retry-After", retry_after),)


def test_an_overload_can_have_retry_after_too() -> None:
    response = with_faults(Throttle(first=1, retry_after_s=3, status=503)).get()
    assert (response.status, response.headers) == (503, (("Retry-After", "3"),))


@pytest.mark.parametrize("number", [4031032, 4031042])
def test_swr_throttles_with_403(number: int) -> None:
    client = with_faults(SwrThrottle403(first=1, code=number))
    assert status_and_code(client.get()) == (403, f"SVCSTG.SWR.{number}")
    assert statuses(client, 1) == [200]


def test_the_token_expires_after_a_number_of_requests() -> None:
    client = with_faults(Unauthorized(2))
    assert statuses(client, 2) == [200, 200]
    assert status_and_code(client.get()) == (401, "APIGW.0307")


def test_a_refused_token_can_become_valid_again() -> None:
    assert statuses(with_faults(Unauthorized(2, times=2)), 6) == [200, 200, 401, 401, 200, 200]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_request_is_redirected_to_another_host(status: int) -> None:
    client = with_faults(Redirect(every=2, status=status))
    assert client.names() == NAMES
    assert client.get().status == status
    assert dict(with_faults(Redirect(first=1)).get().headers)["Location"].startswith("http://elsewhere.invalid/")
    there = parse_fault("redirect:first=1,location=https://x.test/?a=b")
    assert with_faults(there).get().headers == (("Location", "https://x.test/?a=b"),)


def test_errors_of_swr_come_in_the_old_array_and_those_of_the_gateway_do_not() -> None:
    client = with_faults(Burst(first=1, status=500), Burst(first=2, status=502), HtmlResponse(times=1), ArrayErrors())
    old = {"errorCode": "SVCSTG.SWR.5000008", "errorMessage": "Failed to obtain the list", "detail": ""}
    assert orjson.loads(client.get().body) == [old]
    assert status_and_code(client.get()) == (502, "APIGW.0202")
    assert client.get().content_type.startswith("text/html")
    assert orjson.loads(client.get("center=other").body)[0]["errorCode"] == "SVCSTG.SWR.4001025"
    assert client.names() == NAMES
    assert client.state.triggered[3] == 2


def test_sort_orders_are_refused_by_column_or_all() -> None:
    by_time, by_name = (f"order_column={column}&order_type=asc" for column in ("updated_at", "name"))
    some, every = with_faults(RefuseOrder(("updated_at",))), with_faults(RefuseOrder())
    assert status_and_code(some.get(by_time)) == status_and_code(every.get(by_name)) == (400, "SVCSTG.SWR.4001096")
    assert [some.get(by_name).status, some.get().status, every.get().status] == [200, 200, 200]


def test_large_limits_are_refused() -> None:
    client = with_faults(RefuseLimitAbove(5))
    assert status_and_code(client.get("limit=6&offset=0")) == (400, "SVCSTG.SWR.4000056")
    assert client.window(0, 5) == NAMES[:5]


def test_unaligned_offsets_are_refused() -> None:
    client = with_faults(RefuseUnaligned())
    assert status_and_code(client.get("limit=4&offset=2")) == (400, "SVCSTG.SWR.4001025")
    assert client.window(4, 4) == NAMES[4:8]


def test_a_firewall_answers_with_html() -> None:
    client = with_faults(HtmlResponse(times=1))
    response = client.get()
    assert (response.status, response.content_type) == (200, "text/html; charset=utf-8")
    assert response.body.startswith(b"<!DOCTYPE html>")
    assert statuses(client, 1) == [200]
    assert len(client.names()) == 10


def test_an_empty_page_can_be_null_or_no_content() -> None:
    for fault, expected in ((NullWhenEmpty(), (200, b"null")), (NoContentWhenEmpty(), (204, b""))):
        client = with_faults(fault)
        response = client.get("limit=5&offset=10")
        assert (response.status, response.body) == expected
        assert len(client.names()) == 10


def test_a_json_body_can_be_truncated() -> None:
    client = with_faults(TruncatedJson(times=1))
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(client.get().body)
    assert len(client.names()) == 10


def test_connections_are_dropped_and_responses_delayed() -> None:
    client = with_faults(DropConnection(first=1), SlowResponse(every=2, delay_ms=5), SlowResponse(every=2))
    assert client.get().delivery == DROPPED
    second, third = client.get(), client.get()
    assert (second.delivery, second.delay_ms, third.delay_ms) == (IMMEDIATE, 1005, 0)


def test_a_row_is_deleted_between_two_pages() -> None:
    client = with_faults(DeleteAfter(1, index=2))
    assert client.window(0, 5) == NAMES[:5]
    assert client.window(5, 5) == NAMES[6:]
    assert totals(client, 2) == [9, 9]
    assert client.state.triggered[0] == 1


def test_a_row_is_inserted_between_two_pages() -> None:
    client = with_faults(InsertAfter(1))
    assert client.window(0, 5) == NAMES[:5]
    assert client.window(5, 5) == NAMES[4:9]
    assert totals(client, 2) == [11, 11]


def test_changes_add_up_when_faults_are_combined() -> None:
    client = with_faults(DeleteAfter(1), InsertAfter(2), DeleteAfter(3, index=9))
    assert totals(client, 5) == [10, 9, 10, 9, 9]
    assert client.names() == ["0-inserted", *NAMES[1:9]]


def test_churn_changes_the_total_every_time() -> None:
    assert totals(with_faults(Churn(2)), 9) == [10, 10, 11, 11, 9, 9, 11, 11, 9]


@pytest.mark.parametrize("query", ["center=self", "filter=center::self&limit=1", "unknown=1", "limit=1&offset=0"])
def test_a_server_without_direct_parameters_refuses_all_of_them(query: str) -> None:
    client = with_faults(RefuseDirectParameters())
    assert status_and_code(client.get(query)) == (400, "SVCSTG.SWR.4001025")
    assert client.names("filter=limit::2|offset::2") == NAMES[2:4]
    assert client.names() == NAMES


def test_a_server_without_filter_refuses_every_filter() -> None:
    client = with_faults(RefuseFilter())
    for query in ("filter=center::self", "filter=center%3A%3Aself", "limit=1&offset=0&filter=center::self"):
        assert status_and_code(client.get(query)) == (400, "SVCSTG.SWR.4001035")
    assert client.window(2, 2) == NAMES[2:4]


def test_the_first_refusal_wins_and_later_faults_do_not_trigger() -> None:
    client = with_faults(Burst(first=1), HtmlResponse(times=1))
    assert statuses(client, 1) == [503]
    assert client.get().content_type.startswith("text/html")
    assert client.names() == NAMES
    assert dict(client.state.triggered) == {0: 1, 1: 1}


def test_a_refused_query_triggers_no_fault_but_counts_as_a_request() -> None:
    client = with_faults(Burst(first=1))
    assert status_and_code(client.get("center=other")) == (400, "SVCSTG.SWR.4001025")
    assert statuses(client, 1) == [200]


def test_faults_apply_to_the_list_only() -> None:
    client = with_faults(Burst(first=1))
    assert client.get(path="/v2/manage/namespaces").status == 200
    assert statuses(client, 2) == [503, 200]


def test_the_base_class_changes_nothing() -> None:
    client = with_faults(Fault())
    assert client.get() == with_faults().get()
    assert Fault().view(1, TEN) is TEN
    assert dict(client.state.triggered) == {0: 0}


def test_drift_changes_both_centers() -> None:
    client = DirectClient(inventory_of(item("x"), item("y", center="thirdparty")), [InsertAfter(0)])
    assert client.names() == ["0-inserted", "x"]
    assert client.names("center=thirdparty") == ["0-inserted", "y"]


# --- the textual form ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("clamp-limit:to=50", ClampLimit(50)),
        ("server-errors:rate=0.05,seed=7", ServerErrors(0.05, 7)),
        ("empty-page:offset=100,times=forever", EmptyPage(100)),
        ("empty-page:offset=100,times=2", EmptyPage(100, 2)),
        ("missing-total:in_header=false", MissingTotal(in_header=False)),
        ("refuse-order:columns=name+tag_count", RefuseOrder(("name", "tag_count"))),
        ("refuse-order", RefuseOrder()),
        ("throttle:first=3,retry_after_s=2,as_date=true", Throttle(3, 0, 2, as_date=True)),
        ("throttle:every=3,retry_after_s=none", Throttle(every=3)),
        ("empty-page:offset=none", EmptyPage(None)),
        ("delete-after:requests=3,every=2,index=1,count=4", DeleteAfter(3, 2, 1, 4)),
        ("corrupt-gzip:first=1,how=cut", CorruptGzip(1, how="cut")),
        ("wrong-content-length:every=1,off=-7", WrongContentLength(every=1, off=-7)),
        ("random-faults:rate=0.1,seed=7", RandomFaults(0.1, 7)),
        ("random-faults:rate=0.1,kinds=500+drop", RandomFaults(0.1, 0, ("500", "drop"))),
        ("swr-throttle-403:first=1", SwrThrottle403(1)),
        ("ignore-offset:", IgnoreOffset()),
    ],
)
def test_a_fault_is_parsed_from_text(text: str, expected: Fault) -> None:
    assert parse_fault(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("clamp", "no fault is called 'clamp'; known: clamp-limit, "),
        ("clamp-limit", "clamp-limit: to is missing; parameters of clamp-limit: to (integer, at least 1, required)"),
        ("clamp-limit:to=x", "clamp-limit: to must be an integer, not 'x'"),
        ("clamp-limit:to=0", "clamp-limit: to must be at least 1, not 0"),
        ("clamp-limit:to", "clamp-limit: 'to' is not parameter=value"),
        ("clamp-limit:to=1,to=2", "clamp-limit: to is given twice"),
        ("clamp-limit:at=1", "clamp-limit: no parameter is called 'at'; parameters of clamp-limit: to"),
        ("ignore-offset:at=1", "ignore-offset: no parameter is called 'at'; ignore-offset has no parameters"),
        ("short-page:at=1", "parameters of short-page: offset (integer, at least 0, or none, required), "),
        (
            "short-page:at=1",
            "missing (integer, at least 0, default 1), times (integer, at least 0, or forever, default",
        ),
        ("short-page:at=1", "or forever, default forever)"),
        ("missing-total:in_items=yes", "missing-total: in_items must be true or false, not 'yes'"),
        ("empty-page:offset=0,times=x", "empty-page: times must be an integer or forever, not 'x'"),
        ("server-errors:rate=1.5", "server-errors: rate must be from 0 to 1, not 1.5"),
        ("server-errors:rate=nan", "server-errors: rate must be from 0 to 1, not nan"),
        ("burst:first=-1", "burst: first must be at least 0, not -1"),
        ("burst", "burst: first or every must be given"),
        ("burst:first=1,status=418", "burst: status must be one of 400, "),
        ("throttle:first=1,retry_after=\nx", "throttle: retry_after must be printable ASCII, not '\\nx'"),
        ("redirect:first=1,location=http://\xe4", "redirect: location must be printable ASCII"),
        ("redirect:first=1,status=304", "redirect: status must be one of 302, 301, 303, 307, 308, not 304"),
        (
            "random-faults",
            "random-faults: rate is missing; parameters of random-faults: rate (number, 0 to 1, required), seed",
        ),
        ("random-faults:rate=2", "random-faults: rate must be from 0 to 1, not 2"),
        ("random-faults:rate=1,kinds=500+flood", "random-faults: kinds must be one of 500, "),
        ("corrupt-gzip:first=1,how=", "corrupt-gzip: how must be one of flipped, cut, checksum, none, not "),
        ("stall", "stall: first or every must be given"),
        ("html-response:status=99", "html-response: status must be from 200 to 599, not 99"),
    ],
)
def test_an_invalid_fault_text_is_refused_with_the_valid_names(text: str, message: str) -> None:
    with pytest.raises(UsageError) as refusal:
        parse_fault(text)
    assert message in str(refusal.value)


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_every_parameter_of_every_fault_can_be_written_as_text(name: str) -> None:
    fault = parse_fault(sample_text(name))
    assert type(fault) is FAULTS[name]
    assert hash(fault) == hash(fault)


# --- the reference ------------------------------------------------------------------------------------------


def test_every_fault_has_a_row_in_the_reference() -> None:
    assert [row.name for row in reference()] == list(FAULTS)
    assert {row.area for row in reference()} == set(get_args(FaultArea))
    by_name = {row.name: row for row in reference()}
    assert by_name["ignore-offset"] == FaultReference(
        "ignore-offset", "paging", "none", "Ignore `offset`: send the first page every time."
    )
    assert by_name["throttle"].parameters == (
        "first (integer, at least 0, default 0), every (integer, at least 0, default 0), "
        "retry_after_s (integer, or none, default none), as_date (true or false, default false), "
        "retry_after (text, default empty), status (429/503/403, default 429), header (text, default Retry-After), "
        "remaining (integer, at least 0, or none, default none)"
    )


@pytest.mark.parametrize("row", reference(), ids=lambda row: row.name)
def test_the_reference_describes_a_fault_in_one_or_two_sentences_fit_for_a_table(row: FaultReference) -> None:
    assert row.effect.endswith(".")
    assert row.effect.count(". ") <= 2
    assert len(row.effect) < 240
    assert "|" not in row.effect + row.parameters


def test_every_common_parameter_belongs_to_a_fault() -> None:
    assert {parameter.name for kind in FAULTS.values() for parameter in fields(kind)} >= COMMON_PARAMETERS.keys()


@pytest.mark.parametrize(("old", "new"), sorted(RENAMED_FAULTS.items()))
def test_the_old_name_of_a_fault_is_refused_with_the_new_one(old: str, new: str) -> None:
    with pytest.raises(UsageError, match=f"^the fault {old} is now called {new}$"):
        parse_fault(f"{old}:every=1")
    assert new in FAULTS
