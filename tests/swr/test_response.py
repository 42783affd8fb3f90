"""Every answer is a page or an error that says what to do next."""

import json
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crawler.errors import (
    OrderRefusedError,
    RefusedError,
    RequestError,
    SizeRefusedError,
    ThrottledError,
    TransientError,
    UnauthorizedError,
)
from crawler.swr.decode.batch import Source
from crawler.swr.response import (
    EMPTY_PAGE,
    Page,
    Response,
    content_range,
    error_of,
    printable,
    read_page,
    retry_after_s,
)

ORIGIN: Final = Source("eu", "self", None, 0)
SAID: Final = "this is why"


def items(*totals: object) -> bytes:
    return json.dumps(
        [{"name": f"n{i}", "namespace": "s"} | ({} if t is None else {"total_range": t}) for i, t in enumerate(totals)]
    ).encode()


def page(body: bytes, headers: Mapping[str, str] | None = None, status: int = 200) -> Page:
    return read_page(Response(status, headers or {}, body), ORIGIN)


def error(status: int, body: bytes = b"", **headers: str) -> RequestError:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with pytest.raises(RequestError) as caught:
        read_page(Response(status, named, body), ORIGIN)
    return caught.value


# ---- which error


def bodies(code: str) -> dict[str, bytes]:
    """Every shape in which this service is known to send a code (FACTS 4.1, 4.2)."""
    old, new = {"errorCode": code, "errorMessage": SAID}, {"error_code": code, "error_msg": SAID}
    shapes: dict[str, object] = {
        "array": [{**old, "detail": ""}],
        "dual": {"errors": [{**old, "detail": ""}], **new, "details": [new], "encoded_authorization_message": ""},
        "errors": {"errors": [old]},
        "top": old,
        "gateway": {**new, "request_id": "0" * 32},
        "keystone": {"error": {"code": code, "message": SAID, "title": "Unauthorized"}},
    }
    return {shape: json.dumps(content).encode() + b"\n" for shape, content in shapes.items()}


CLASSES: Final = [
    # FACTS 4.4: what passes with time
    (408, "", TransientError),
    (425, "", TransientError),
    (500, "SVCSTG.SWR.5000003", TransientError),
    (500, "SVCSTG.SWR.5001039", TransientError),
    (500, "APIGW.0601", TransientError),
    (502, "APIGW.0202", TransientError),
    (503, "APIGW.0613", TransientError),
    (504, "APIGW.0203", TransientError),
    (507, "SVCSTG.SWR.5070070", TransientError),
    (409, "SVCSTG.SWR.4090023", TransientError),
    (429, "APIGW.0308", ThrottledError),
    (429, "APIG.0308", ThrottledError),
    (429, "IAM.0012", ThrottledError),
    (403, "SVCSTG.SWR.4031032", ThrottledError),
    (403, "SVCSTG.SWR.4031042", ThrottledError),
    # what fresh credentials mend
    (401, "APIGW.0301", UnauthorizedError),
    (401, "APIGW.0307", UnauthorizedError),
    (401, "SVCSTG.SWR.4010000", UnauthorizedError),
    (401, "SVCSTG.S2I.4019000", UnauthorizedError),
    # what another request mends
    (400, "SVCSTG.SWR.4000056", SizeRefusedError),
    (400, "SVCSTG.SWR.4001096", OrderRefusedError),
    # what nothing mends
    (400, "SVCSTG.SWR.4000014", RefusedError),
    (400, "SVCSTG.SWR.4001035", RefusedError),
    (403, "SVCSTG.SWR.4030170", RefusedError),
    (403, "SVCSTG.SWR.4039001", RefusedError),
    (403, "APIGW.0302", RefusedError),
    (404, "APIGW.0101", RefusedError),
    (405, "", RefusedError),
    (406, "", RefusedError),
    (409, "SVCSTG.SWR.4090001", RefusedError),
    (413, "APIG.0201", RefusedError),
    (414, "APIG.0201", RefusedError),
    (494, "APIG.0201", RefusedError),
    # a code counts with its status only
    (500, "SVCSTG.SWR.4000056", TransientError),
    (401, "SVCSTG.SWR.4031032", UnauthorizedError),
    (400, "SVCSTG.SWR.4031032", RefusedError),
    (409, "SVCSTG.SWR.4031042", RefusedError),
    (403, "SVCSTG.SWR.4090023", RefusedError),
    (403, "SVCSTG.SWR.4001096", RefusedError),
    # no success and no error: no redirect is followed, no part is a whole
    (201, "", RefusedError),
    (206, "", RefusedError),
    (302, "", RefusedError),
    (304, "", RefusedError),
]


@pytest.mark.parametrize("shape", sorted(bodies("")))
@pytest.mark.parametrize(("status", "code", "kind"), CLASSES)
def test_a_status_and_a_code_say_what_to_do_next_in_every_shape_of_body(
    status: int, code: str, kind: type[RequestError], shape: str
) -> None:
    found = error(status, bodies(code)[shape], X_Request_Id="r-1")
    assert type(found) is kind
    evidence = found.details
    assert (evidence.status, evidence.code, evidence.text, evidence.request_id) == (status, code, SAID, "r-1")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RefusedError),
        (401, UnauthorizedError),
        (403, RefusedError),
        (409, RefusedError),
        (418, RefusedError),
        (429, ThrottledError),
        (500, TransientError),
    ],
)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>busy</body></html>",
        b"[]",
        b"[[]]",
        b"[[{}]]",
        b"[null]",
        b"{}",
        b"null",
        b"5",
        b'"SVCSTG.SWR.4000056"',
        b'{"errors":[]}',
        b'{"errors":"SVCSTG.SWR.4000056"}',
        b'{"error":{"error":{"error":{"error_code":"SVCSTG.SWR.4000056"}}}}',
        b'{"error_code":null,"error_msg":null}',
        b'{"error_code":{"error_code":"x"},"error_msg":["x"]}',
        b'{"error_code":' + b"[" * 1000 + b"]" * 1000 + b"}",
        b'{"error_code":' + b"[" * 100_000,
        b"\xff\xfe\x00",
        b'{"error_code":"\\ud800"}',
    ],
)
def test_without_a_readable_code_the_status_alone_says_it(status: int, kind: type[RequestError], body: bytes) -> None:
    found = error(status, body)
    assert type(found) is kind
    assert (found.details.code, found.details.text) == ("", "")


def test_a_code_that_is_a_number_is_read_as_keystone_sends_it() -> None:
    found = error(401, b'{"error":{"code":401,"message":"The request you have made requires authentication."}}')
    assert str(found) == "HTTP 401 401: The request you have made requires authentication."


def test_a_service_that_names_a_time_to_wait_is_throttling() -> None:
    assert type(error(503, Retry_After="7")) is ThrottledError
    assert type(error(400, Retry_After="7")) is RefusedError
    assert type(error(401, Retry_After="7")) is UnauthorizedError


@pytest.mark.parametrize("body", [b"<html></html>", b"[{", b'{"error_code":"APIGW.0301","error_msg":"no"}', b"true"])
def test_a_success_that_is_no_list_is_asked_again(body: bytes) -> None:
    found = error(200, body)
    assert type(found) is TransientError
    assert "list" in found.details.text
    assert found.details.status == 200


def test_a_success_with_an_error_in_it_names_its_code() -> None:
    assert error(200, bodies("APIGW.0601")["gateway"]).details.code == "APIGW.0601"


# ---- what is said of it


@given(st.text())
@example("\x1b]0;title\x07\x1b[31mred\x9b2J\r\nnext\u2028line\x00\u202eevil\u2066\u2069\u061c\u200f\ufeff\ud800")
def test_what_is_printed_is_one_line_without_escapes_or_turned_around_text(text: str) -> None:
    shown = printable(text)
    assert len(shown) <= 200
    assert "\n" not in shown
    for character in shown:
        assert unicodedata.category(character) not in {"Cc", "Cs", "Co", "Zl", "Zp"}
        assert unicodedata.bidirectional(character) not in {
            "LRE",
            "RLE",
            "PDF",
            "LRO",
            "RLO",
            "LRI",
            "RLI",
            "FSI",
            "PDI",
        }
        assert character not in "\u061c\u200b\u200e\u200f\ufeff"


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=200).map(str.strip))
@example("名前 réseau 한국 §")
def test_ordinary_text_is_printed_as_it_is(text: str) -> None:
    assert printable(text) == text


def test_code_message_and_request_id_are_all_made_printable() -> None:
    body = json.dumps({"error_code": "\x1bc", "error_msg": "a\nb" + "x" * 500}).encode()
    evidence = error(400, body, X_Request_Id="\x1b[2Jid").details
    assert (evidence.code, evidence.request_id) == ("c", "[2Jid")
    assert evidence.text == "a b" + "x" * 197


# ---- Retry-After

DATE: Final = "Mon, 23 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("retry_after", "date", "seconds"),
    [
        ("0", None, 0.0),
        ("7", None, 7.0),
        (" 7 ", None, 7.0),
        ("007", None, 7.0),
        ("9" * 400, None, 999_999_999.0),
        ("Mon, 23 Nov 2026 12:00:30 GMT", DATE, 30.0),
        ("Monday, 23-Nov-26 12:00:30 GMT", DATE, 30.0),  # RFC 850, obsolete and to be read
        ("Mon Nov 23 12:00:30 2026", DATE, 30.0),  # asctime, the same
        ("Mon, 23 Nov 2026 13:00:30 +0100", DATE, 30.0),
        ("Mon, 23 Nov 2026 12:00:30 -0000", DATE, 30.0),
        ("Mon, 23 Nov 2026 11:59:00 GMT", DATE, 0.0),
        ("Mon, 23 Nov 2026 12:00:30 GMT", None, None),  # not counted from our clock
        ("Mon, 23 Nov 2026 12:00:30 GMT", "yesterday", None),
        ("Mon, 23 Nov 2026 12:00:30 GMT", "Mon, 23 Nov 99999999999999999999 12:00:00 GMT", None),
        ("Mon, 23 Nov 99999999999999999999 12:00:00 GMT", DATE, None),
        ("Mon, 23 Nov 2026 12:00:00 +99999999999999999999", DATE, None),
        ("Mon, 32 Nov 2026 12:00:00 GMT", DATE, None),
        ("-5", DATE, None),
        ("1.5", DATE, None),
        ("²", DATE, None),
        ("٣", DATE, None),
        ("soon", DATE, None),
        ("", DATE, None),
    ],
)
def test_retry_after_is_seconds_or_a_date_on_the_services_own_clock(
    retry_after: str, date: str | None, seconds: float | None
) -> None:
    headers = {"Retry-After": retry_after} | ({} if date is None else {"Date": date})
    assert retry_after_s(headers) == seconds
    found = error_of(Response(429, headers, b""))
    assert isinstance(found, ThrottledError)
    assert found.retry_after_s == seconds


def test_a_throttling_that_names_no_time_names_none() -> None:
    found = error(403, bodies("SVCSTG.SWR.4031042")["array"])
    assert isinstance(found, ThrottledError)
    assert found.retry_after_s is None


# ---- totals


@pytest.mark.parametrize(
    ("header", "ranged"),
    [
        (None, None),
        ("", None),
        ("0-1/1", (0, 1)),
        ("100-20/120", (100, 120)),
        (" 0-0/0 ", (0, 0)),
        ("items 0-10/25", (0, 25)),
        ("0-1/9223372036854775807", (0, 2**63 - 1)),
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
def test_a_content_range_tells_the_offset_first_and_the_total_last(
    header: str | None, ranged: tuple[int, int] | None
) -> None:
    assert content_range(header) == ranged
    total = None if ranged is None else ranged[1]
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
        ([9, 9], "0-2/12", 9, False),  # the items' own total holds
        ([2, 2], None, 2, False),
        ([2, 2], "0-2/2", 2, False),
        ([2, 2], "0-2/1", 2, False),
        ([2, 2], "0-2/9", 9, False),  # unless it is only the page's length, and the header knows more
        ([3, 3], "0-2/9", 3, False),
        ([1, 1], "0-2/9", 1, False),
        ([8, 9], None, 9, True),
        ([9, 8], "0-2/12", 9, True),
        ([1, 2], "0-2/9", 9, True),
        ([0, 0], None, 0, False),
        ([-1, "x"], "0-2/9", 9, False),
    ],
)
def test_the_total_is_that_of_the_items_unless_it_is_only_the_pages_length(
    declared: list[object], header: str | None, total: int | None, disagrees: object
) -> None:
    read = page(items(*declared), {} if header is None else {"Content-Range": header})
    assert (read.total, read.disagrees, read.length) == (total, disagrees, len(declared))


def test_rejects_count_in_the_length_of_a_page() -> None:
    read = page(b'[{"name":"n","namespace":"s","total_range":2},NaN]', {"Content-Range": "0-2/5"})
    assert (read.length, read.items.records, read.items.rejected, read.total) == (2, 1, 1, 5)


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>not looked at</html>"])
def test_no_content_is_an_empty_page_whatever_its_body(body: bytes) -> None:
    assert page(body, status=204) == EMPTY_PAGE
    assert page(body, {"Content-Range": "0-0/7"}, 204) == EMPTY_PAGE._replace(total=7)


# ---- nothing breaks it

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
    value: Any = draw(json_like | st.sampled_from([json.loads(items(1, "2")), json.loads(bodies("x")["dual"])]))
    text = bytearray(json.dumps(value).encode())
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(text)))
        text[at : at + draw(st.integers(0, 2))] = draw(st.binary(max_size=2) | st.sampled_from([b"[" * 2000, b'"']))
    return bytes(text)


@given(statuses, st.dictionaries(header_names, header_values), st.binary() | broken_json())
@settings(deadline=None, max_examples=400)
def test_no_answer_raises_anything_but_a_request_error(status: int, headers: dict[str, str], body: bytes) -> None:
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


def outcome_of(answer: Response) -> Page | RequestError:
    try:
        return read_page(answer, ORIGIN)
    except RequestError as found:
        return found
