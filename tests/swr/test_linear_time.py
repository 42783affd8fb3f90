"""Foreign text is read in linear time, whatever it holds: the square would take hours, in which no Ctrl-C works.

No test measures time. Each text is so long that reading it in the square of its length would not end within the timeout
of a test; in linear time it takes a fraction of a second. Pages are in decode/test_split.py.
"""

from typing import Final

import pytest

from crawler.swr.decode.bounds import MAX_ELEMENTS, excess, has_many_elements
from crawler.swr.http.network.failures import redirect_host
from crawler.swr.throttle_wait import asks_to_wait, http_date, throttle_wait_s
from crawler.text.redaction import masked

HEADER_LENGTH: Final = 250_000  # a header may have 64 kB (swr/http/transport.py)


@pytest.mark.parametrize("begin", [b'{"namespaces":[{"name":"', b'"', b"["], ids=["name", "text", "list"])
@pytest.mark.parametrize("unit", [b',\\"', b',\\"[{', b',"', b",\\", b'["\\\\"', b',""'])
def test_the_elements_of_a_text_without_an_end_are_counted_in_one_look(begin: bytes, unit: bytes) -> None:
    text = begin + unit * (2 * MAX_ELEMENTS)
    has_many_elements(text)
    assert excess(text)[:7] in {"", "is larg", "holds m", "is nest"}


@pytest.mark.parametrize("end", [b"", b"\\"])
def test_a_text_without_an_end_has_no_elements(end: bytes) -> None:
    assert not has_many_elements(b'["' + b',\\"' * (2 * MAX_ELEMENTS) + end)
    assert has_many_elements(b"[" + b"0," * (MAX_ELEMENTS + 1) + b'"' + b',\\"' * MAX_ELEMENTS + end)


@pytest.mark.parametrize("strings", [2 * MAX_ELEMENTS - 2, 2 * MAX_ELEMENTS + 4])
def test_members_are_counted_and_not_their_two_strings(strings: int) -> None:
    value = b"{%b}" % b",".join([b'"":"{"'] * (strings // 2))
    assert has_many_elements(value) == (strings > 2 * MAX_ELEMENTS)


@pytest.mark.parametrize(
    "unit", ["remain:0,", "remain:0 time:", "remain: 0,limit:1,", "reset=", "r=0;t=", "1,", "1 ", "a+"]
)
@pytest.mark.parametrize("name", ["Retry-After", "X-RateLimit-Reset", "X-Apig-RateLimit-api", "RateLimit"])
def test_a_throttling_header_is_read_in_one_look(name: str, unit: str) -> None:
    text = unit * (HEADER_LENGTH // len(unit))
    wait_s = throttle_wait_s({name: text, "Date": text})
    assert wait_s is None or wait_s >= 0
    asks_to_wait({name: text, "X-RateLimit-Remaining": text}, refuses=False)


@pytest.mark.parametrize("unit", ["1", "1 ", "Mon, ", "+", ":", "(", "23 Nov 2026 "])
def test_a_date_is_read_in_one_look(unit: str) -> None:
    assert http_date(unit * (HEADER_LENGTH // len(unit))) is None


@pytest.mark.parametrize("unit", ["a", "\ufdfa", "\u00fc", "xn--a", "\u3002"])
def test_an_absurdly_long_location_names_no_host(unit: str) -> None:
    assert redirect_host(f"http://{unit * (HEADER_LENGTH // len(unit))}/") == ""
    assert redirect_host("http://elsewhere.invalid/path") == "elsewhere.invalid"
    assert redirect_host("http://[") == redirect_host("/path") == redirect_host("") == ""


@pytest.mark.parametrize(
    "unit", ["%", "%25", "\\", "\\u", "\\u005c", "&", "&#", "&amp;", "&a", " ", "\u200b", "\u00fc", "0123456789+/"]
)
def test_a_text_is_looked_through_for_secrets_in_one_look_a_layer(unit: str) -> None:
    secret = "0123456789+/=012345678"
    masked(unit * (HEADER_LENGTH // len(unit)), [secret])
    assert masked(unit * 1000 + secret, [secret]).endswith("***")
