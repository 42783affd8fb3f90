"""Every response is a page or raises a RequestError; the total of a page is in its items or in Content-Range."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.errors import HtmlError, RequestError, ThrottledError, TransientError
from crawler.swr.content_range import parse_content_range
from crawler.swr.page import EMPTY_PAGE, Page, read_page
from crawler.swr.response import Response
from tests.support.examples import examples
from tests.swr.error_bodies import SOURCE, error_bodies, read_error


def items(*totals: object) -> bytes:
    return json.dumps(
        [{"name": f"n{i}", "namespace": "s"} | ({} if t is None else {"total_range": t}) for i, t in enumerate(totals)]
    ).encode()


def page(body: bytes, headers: Mapping[str, str] | None = None, status: int = 200) -> Page:
    return read_page(Response(status, headers or {}, body), SOURCE)


# ---- totals


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("", None),
        ("0-1/1", (0, 1)),
        ("100-20/120", (100, 120)),
        (" 0-0/0 ", (0, 0)),
        ("items 0-10/25", (0, 25)),
        ("0-1/999999999999999999", (0, 10**18 - 1)),
        ("0-1/9223372036854775807", None),
        ("0-10/*", None),
        ("*/25", None),
        ("0-10", None),
        ("0-10/-1", None),
        ("0-10/1e3", None),
        ("0-10/25/25", None),
        ("0-10/٢٥", None),
        ("bytes 0-10/25", None),
        ("0-1/" + "9" * 20, None),
        ("0-1/" + "9" * 100_000, None),
    ],
)
def test_content_range_holds_the_offset_first_and_the_total_last(
    header: str | None, expected: tuple[int, int] | None
) -> None:
    assert parse_content_range(header) == expected
    total = None if expected is None else expected[1]
    assert page(b"[]", {} if header is None else {"Content-Range": header}).total == total


@pytest.mark.parametrize(
    ("declared", "header", "total", "disagrees"),
    [
        ([], None, None, False),
        ([], "0-0/0", 0, False),
        ([], "100-0/50", 50, False),
        ([None, None], None, None, False),
        ([None, None], "0-2/9", 9, False),
        ([9, 9], None, 9, False),
        ([9, None], None, 9, False),
        (["9", 9.0], None, 9, False),
        ([9, 9], "0-2/9", 9, False),
        ([9, 9], "0-2/12", 12, True),
        ([9, 9], "0-2/8", 9, True),
        ([9, 9], "0-2/0", 9, True),
        ([2, 2], None, 2, False),
        ([2, 2], "0-2/2", 2, False),
        ([2, 2], "0-2/1", 2, True),
        ([2, 2], "0-2/9", 9, True),  # it may be the length of the page only
        ([0, 0], "0-2/9", 9, True),
        ([8, 9], None, 9, True),
        ([9, 8], "0-2/12", 12, True),
        ([1, 2], "0-2/9", 9, True),
        ([9, None], "0-2/9", 9, False),
        ([0, 0], None, None, False),
        ([0, 0], "0-2/0", None, False),
        ([None, None], "0-2/0", None, False),
        ([-1, "x"], "0-2/9", 9, False),
    ],
)
def test_the_total_is_the_largest_that_the_response_declares_and_different_ones_disagree(
    declared: list[object], header: str | None, total: int | None, disagrees: object
) -> None:
    result = page(items(*declared), {} if header is None else {"Content-Range": header})
    assert (result.total, result.disagrees, result.length) == (total, disagrees, len(declared))


@pytest.mark.parametrize(("age", "doubtful"), [("0", False), ("1", True), (" 60 ", True), ("-1", False), ("", False)])
def test_a_page_that_a_cache_had_stored_is_doubtful(age: str, doubtful: object) -> None:
    assert page(items(2, 2), {"Age": age}).doubtful is doubtful
    assert page(b"[]", {"Age": age}).doubtful is doubtful


def test_rejects_count_in_the_length_of_a_page() -> None:
    result = page(b'[{"name":"n","namespace":"s","total_range":5},NaN]', {"Content-Range": "0-2/5"})
    assert (result.length, result.items.records, result.items.rejected, result.total) == (2, 1, 1, 5)


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>not read</html>"])
def test_no_content_is_an_empty_page_whatever_its_body(body: bytes) -> None:
    assert page(body, status=204) == EMPTY_PAGE
    assert page(body, {"Content-Range": "0-0/7"}, 204) == EMPTY_PAGE._replace(total=7)


def test_a_body_of_zero_bytes_is_an_empty_page_if_the_head_says_that_there_is_none() -> None:
    assert page(b"", {"Content-Length": "0"}) == EMPTY_PAGE
    assert page(b"", {"Content-Length": " 0 ", "Content-Range": "10-0/7"}) == EMPTY_PAGE._replace(total=7)


@pytest.mark.parametrize("headers", [{}, {"Transfer-Encoding": "chunked"}, {"Content-Length": "20"}])
@pytest.mark.parametrize("body", [b"", b" \r\n", b"\xef\xbb\xbf"])
def test_a_body_of_zero_bytes_is_no_page_otherwise(headers: dict[str, str], body: bytes) -> None:
    assert type(read_error(200, body, **headers)) is TransientError


# ---- bodies that are not a list


@pytest.mark.parametrize("body", [b"<html></html>", b"[{", b'{"error_code":"APIGW.0301","error_msg":"no"}', b"true"])
def test_a_success_whose_body_is_not_a_list_may_be_retried(body: bytes) -> None:
    error = read_error(200, body)
    assert type(error) is (HtmlError if body[:1] == b"<" else TransientError)
    assert "list" in error.details.text
    assert error.details.status == 200


def test_a_success_with_an_error_body_names_its_code() -> None:
    assert read_error(200, error_bodies("APIGW.0601")["gateway"]).details.code == "APIGW.0601"


# ---- any response

statuses = st.sampled_from([200, 204, 400, 401, 403, 409, 429, 500, 503]) | st.integers(-1, 1000)
date_like = st.builds(
    "{}, {} {} {} {}:{}:{} {}".format,
    st.sampled_from(["Mon", "Monday", ""]),
    st.integers(0, 10**30),
    st.sampled_from(["Jan", "Nov", "May", "X"]),
    st.integers(-1, 10**30) | st.integers(0, 9999),
    *[st.integers(-1, 99)] * 3,
    st.sampled_from(["GMT", "", "-0000", "+9999", "-" + "9" * 30, "+2359", "EST"]),
)
range_like = st.builds("{}{}-{}/{}".format, st.sampled_from(["", "items ", "x "]), *[st.integers() | st.text()] * 3)
header_values = st.text() | date_like | range_like | st.integers().map(str)
header_names = st.sampled_from(["Retry-After", "Date", "Content-Range", "X-Request-Id"])
json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["error_code", "error_msg", "errorCode", "errors", "error", "code", "message", "repos", "name"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@st.composite
def broken_json(draw: st.DrawFn) -> bytes:
    value: Any = draw(json_like | st.sampled_from([json.loads(items(1, "2")), json.loads(error_bodies("x")["dual"])]))
    text = bytearray(json.dumps(value).encode())
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(text)))
        text[at : at + draw(st.integers(0, 2))] = draw(st.binary(max_size=2) | st.sampled_from([b"[" * 2000, b'"']))
    return bytes(text)


@given(statuses, st.dictionaries(header_names, header_values), st.binary() | broken_json())
@settings(deadline=None, max_examples=examples(quick=40))
def test_any_response_is_a_page_or_raises_a_request_error(status: int, headers: dict[str, str], body: bytes) -> None:
    outcome = outcome_of(Response(status, headers, body))
    if isinstance(outcome, Page):
        assert status in {200, 204}
        assert outcome.length == outcome.items.records + outcome.items.rejected
        assert outcome.total is None or outcome.total >= 0
    else:
        assert outcome.details.status == status
        assert "\n" not in str(outcome)
    if isinstance(outcome, ThrottledError):
        assert outcome.retry_after_s is None or outcome.retry_after_s >= 0


def outcome_of(response: Response) -> Page | RequestError:
    try:
        return read_page(response, SOURCE)
    except RequestError as error:
        return error
