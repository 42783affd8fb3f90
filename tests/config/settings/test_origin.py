"""Laws of origins: one normal form, which holds scheme, host and port only, and the networks they are in."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.config.settings.origin import is_link_local, is_loopback, origin


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("swr-api.example.com", "https://swr-api.example.com"),
        ("host:8443", "https://host:8443"),
        ("HTTPS://Host.Example/", "https://host.example"),
        ("https://host:443", "https://host"),
        ("http://host:80/", "http://host"),
        ("https://host:80", "https://host:80"),
        ("http://swr_emulator:08080", "http://swr_emulator:8080"),
        ("http://[0:0::1]:8080", "http://[::1]:8080"),
        ("10.0.0.1", "https://10.0.0.1"),
        ("https://" + ".".join(["a" * 63] * 4)[:253], "https://" + ".".join(["a" * 63] * 4)[:253]),
    ],
)
def test_an_origin_has_one_normal_form(text: str, normal: str) -> None:
    assert origin(text) == normal
    assert origin(normal) == normal


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "https://",
        "https:///x",
        "//host",
        "https:host",
        "ftp://host",
        "https://host/v2",
        "https://host//",
        "https://host?",
        "https://host#",
        "https://me@host",
        "https://me:pw@host",
        "https://host:0",
        "https://host:65536",
        "https://host:",
        "https://host:8x",
        "https://host:-1",
        "https://[::1",
        "https://[::1%25eth0]",
        "https://[1.2.3.4]",
        "https://::1",
        "https://ho st",
        "https://host\n",
        "https://ho\tst",
        "https://host\\@evil",
        "https://höst",
        "https://host..example",
        "https://host.",
        "https://-host",
        "https://256.0.0.1",
        "https://127.1",
        "https://0x7f000001",
        "https://2130706433",
        "https://127.0.0.01",
        "https://" + "a" * 64,
        "https://" + ".".join(["a" * 60] * 5),
        "https://[::1]x",
    ],
)
def test_text_that_is_not_exactly_an_origin_has_no_normal_form(text: str) -> None:
    assert origin(text) is None


@given(st.text(alphabet="ahtps:/.[]019@?#x-_%\\ \n") | st.text())
def test_a_normal_form_is_its_own_normal_form_and_holds_only_scheme_host_and_port(text: str) -> None:
    for spelled in (text, f"https://{text}", f"http://{text}"):
        normal = origin(spelled)
        if normal is not None:
            parts = urlsplit(normal)
            assert origin(normal) == normal
            assert parts.scheme in {"http", "https"}
            assert parts.hostname
            assert (parts.path, parts.query, parts.fragment, parts.username) == ("", "", "", None)


def test_loopback_is_localhost_and_its_addresses() -> None:
    assert all(map(is_loopback, ("http://localhost", "http://127.0.0.1", "http://127.255.0.9:1", "http://[::1]:8")))
    assert not any(map(is_loopback, ("http://localhost.example", "http://10.0.0.1", "http://[::2]", "http://a", "x")))


def test_an_address_that_routers_do_not_forward_is_link_local() -> None:
    assert all(
        map(
            is_link_local,
            ("http://169.254.169.254", "http://169.254.0.1:80", "http://[fe80::1]", "http://[::ffff:169.254.0.1]"),
        )
    )
    assert not any(map(is_link_local, ("http://10.0.0.1", "http://127.0.0.1", "http://a.example", "x")))


@pytest.mark.parametrize("host", ["::ffff:127.0.0.1", "::FFFF:7f00:1", "0:0:0:0:0:ffff:7f00:1"])
def test_an_ipv4_address_written_as_ipv6_has_one_form_on_every_python(host: str) -> None:
    assert origin(f"http://[{host}]") == "http://[::ffff:127.0.0.1]"
    assert is_loopback(f"http://[{host}]")
