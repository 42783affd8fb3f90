"""Every unsuccessful response is an error that says what to do next."""

import json
import unicodedata
from typing import Final

import pytest
from hypothesis import example, given
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
from crawler.swr.error_response import error_from_response, printable
from crawler.swr.response import Response
from tests.swr.error_bodies import MESSAGE, error_bodies, read_error

# ---- the kind of error


CLASSES: Final = [
    # transient (swr-api.md#transient-failures)
    (408, "", TransientError),
    (425, "", TransientError),
    (500, "SVCSTG.SWR.5000003", TransientError),
    (500, "SVCSTG.SWR.5001039", TransientError),
    (500, "APIGW.0601", TransientError),
    (502, "APIGW.0202", TransientError),
    (503, "APIGW.0613", TransientError),
    (504, "APIGW.0203", TransientError),
    (507, "SVCSTG.SWR.5070070", TransientError),
    (506, "", TransientError),
    (511, "", TransientError),
    (520, "", TransientError),
    (522, "", TransientError),
    (530, "", TransientError),
    (599, "", TransientError),
    (501, "", RefusedError),
    (505, "", RefusedError),
    (409, "SVCSTG.SWR.4090023", TransientError),
    (429, "APIGW.0308", ThrottledError),
    (429, "APIG.0308", ThrottledError),
    (429, "IAM.0012", ThrottledError),
    (403, "SVCSTG.SWR.4031032", ThrottledError),
    (403, "SVCSTG.SWR.4031042", ThrottledError),
    # refused credentials
    (401, "APIGW.0301", UnauthorizedError),
    (401, "APIGW.0307", UnauthorizedError),
    (401, "SVCSTG.SWR.4010000", UnauthorizedError),
    (401, "SVCSTG.S2I.4019000", UnauthorizedError),
    # refused, but another request may succeed
    (400, "SVCSTG.SWR.4000056", SizeRefusedError),
    (400, "SVCSTG.SWR.4001096", OrderRefusedError),
    # refused for good
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
    # a code counts only with its own status
    (500, "SVCSTG.SWR.4000056", TransientError),
    (401, "SVCSTG.SWR.4031032", UnauthorizedError),
    (400, "SVCSTG.SWR.4031032", RefusedError),
    (409, "SVCSTG.SWR.4031042", RefusedError),
    (403, "SVCSTG.SWR.4090023", RefusedError),
    (403, "SVCSTG.SWR.4001096", RefusedError),
    # neither 200 nor an error: redirects are not followed, and a partial body is not a page
    (201, "", RefusedError),
    (206, "", RefusedError),
    (302, "", RefusedError),
    (304, "", RefusedError),
]


@pytest.mark.parametrize("shape", sorted(error_bodies("")))
@pytest.mark.parametrize(("status", "code", "kind"), CLASSES)
def test_status_and_code_decide_what_to_do_next_in_every_shape_of_body(
    status: int, code: str, kind: type[RequestError], shape: str
) -> None:
    error = read_error(status, error_bodies(code)[shape], X_Request_Id="r-1")
    assert type(error) is kind
    details = error.details
    assert (details.status, details.code, details.text, details.request_id) == (status, code, MESSAGE, "r-1")


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
def test_without_a_readable_code_the_status_alone_decides(status: int, kind: type[RequestError], body: bytes) -> None:
    error = read_error(status, body)
    assert type(error) is kind
    assert (error.details.code, error.details.text) == ("", "")


def test_a_code_may_be_a_number_as_in_keystone() -> None:
    error = read_error(401, b'{"error":{"code":401,"message":"The request you have made requires authentication."}}')
    assert str(error) == "HTTP 401 401: The request you have made requires authentication."


def test_a_transient_failure_with_retry_after_is_throttling() -> None:
    assert type(read_error(503, Retry_After="7")) is ThrottledError
    assert type(read_error(400, Retry_After="7")) is RefusedError
    assert type(read_error(401, Retry_After="7")) is UnauthorizedError


# ---- the details


@given(st.text())
@example("\x1b]0;title\x07\x1b[31mred\x9b2J\r\nnext\u2028line\x00\u202eevil\u2066\u2069\u061c\u200f\ufeff\ud800")
def test_printable_text_is_one_line_without_escapes_or_changes_of_direction(text: str) -> None:
    line = printable(text, str)
    assert len(line) <= 200
    assert "\n" not in line
    for character in line:
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
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert printable(text, str) == text


def test_code_message_and_request_id_are_made_printable() -> None:
    body = json.dumps({"error_code": "\x1bc", "error_msg": "a\nb" + "x" * 500}).encode()
    details = read_error(400, body, X_Request_Id="\x1b[2Jid").details
    assert (details.code, details.request_id) == ("c", "[2Jid")
    assert details.text == "a b" + "x" * 197


# ---- throttling


@pytest.mark.parametrize("status", [403, 429, 500, 503])
@pytest.mark.parametrize("retry_after", ["7", "soon"])
def test_retry_after_makes_a_403_or_a_failure_that_may_pass_throttling(status: int, retry_after: str) -> None:
    error = read_error(status, Retry_After=retry_after)
    assert isinstance(error, ThrottledError)
    assert error.retry_after_s == (7.0 if retry_after == "7" else None)


@pytest.mark.parametrize("name", ["Retry_After", "X_Retry_After", "RateLimit_Reset", "X_RateLimit_Reset"])
@pytest.mark.parametrize("status", [403, 408, 425, 429, 500, 503, 507, 520, 599])
def test_each_header_of_a_wait_counts_on_each_failure_that_it_may_explain(status: int, name: str) -> None:
    error = read_error(status, b"", **{name: "30"}, X_RateLimit_Remaining="0")
    assert isinstance(error, ThrottledError)
    assert error.retry_after_s == 30.0


@pytest.mark.parametrize(("status", "kind"), [(403, RefusedError), (503, TransientError), (429, ThrottledError)])
def test_when_a_quota_is_reset_that_lasts_says_nothing_of_a_failure(status: int, kind: type[RequestError]) -> None:
    assert type(read_error(status, X_RateLimit_Reset="3000", X_RateLimit_Remaining="98")) is kind


@pytest.mark.parametrize("status", [400, 404, 409, 501])
def test_retry_after_makes_no_other_refusal_throttling(status: int) -> None:
    assert type(read_error(status, Retry_After="7")) is RefusedError


def test_throttling_without_retry_after_has_no_time() -> None:
    error = read_error(403, error_bodies("SVCSTG.SWR.4031042")["array"])
    assert isinstance(error, ThrottledError)
    assert error.retry_after_s is None
    assert type(read_error(403, error_bodies("APIGW.0308")["array"])) is ThrottledError


def test_a_very_large_error_body_is_not_decoded_and_its_status_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    message = b'{"error_code":"X","error_msg":"%b"}'
    for size, code in ((200_000, "X"), (300_000, "")):
        error = error_from_response(Response(503, {}, message % (b"m" * size)))
        assert isinstance(error, TransientError)
        assert error.details.code == code
    monkeypatch.setattr("crawler.swr.error_response.orjson.loads", None)  # a call would fail
    bomb = b'[{"errors":[' + b",".join([b"{}"] * 1_000_000) + b"]}]"
    assert isinstance(error_from_response(Response(403, {}, bomb)), RefusedError)
