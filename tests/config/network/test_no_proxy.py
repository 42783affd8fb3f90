"""NO_PROXY excepts the hosts that curl excepts; see crawler/config/network/no_proxy.py for what is different."""

import pytest

from crawler.config.network.no_proxy import is_excluded

NAMES = [
    ("example.com", "example.com", True),
    ("swr.example.com", "example.com", True),
    ("swr.example.com", ".example.com", True),
    ("example.com", ".example.com", True),
    ("swr.example.com", "*.example.com", True),
    ("swr.example.com", "a.test,example.com", True),
    ("swr.example.com", "a.test , example.com", True),
    ("swr.example.com", "a.test example.com", True),
    ("SWR.Example.com.", "example.COM.", True),
    ("notexample.com", "example.com", False),
    ("example.com", "swr.example.com", False),
    ("example.com.evil.test", "example.com", False),
    ("example.com", "", False),
    ("example.com", ",. ,", False),
    ("example.com", "*", True),
    ("example.com", " * ", True),
    ("example.com", "*,a.test", False),
    ("example.com", "*.", False),
]
ADDRESSES = [
    ("10.1.2.3", "10.1.2.3", True),
    ("10.1.2.3", "10.0.0.0/8", True),
    ("10.1.2.3", "10.1.2.3/8", True),
    ("10.1.2.3", "0.0.0.0/0", True),
    ("11.1.2.3", "10.0.0.0/8", False),
    ("10.1.2.3", "10.1.2", False),
    ("10.1.2.3", "2.3", False),
    ("10.1.2.3", "10.0.0.0/33", False),
    ("10.1.2.3", "fd00::/8", False),
    ("fd00::1", "fd00::1", True),
    ("fd00::1", "[fd00::1]", True),
    ("fd00::1", "fd00:0:0::1", True),
    ("fd00::1", "fd00::/8", True),
    ("fe80::1", "fd00::/8", False),
    ("swr.example.com", "10.0.0.0/8", False),  # names are not resolved
]
PORTS = [
    ("example.com", "example.com:443", True),
    ("example.com", "example.com:8443", False),
    ("swr.example.com", ".example.com:443", True),
    ("10.1.2.3", "10.0.0.0/8:443", True),
    ("10.1.2.3", "10.1.2.3:80", False),
    ("fd00::1", "[fd00::1]:443", True),
    ("fd00::1", "[fd00::1]:80", False),
    ("example.com", ":443", False),
]


@pytest.mark.parametrize(("host", "rules", "excluded"), NAMES + ADDRESSES + PORTS)
def test_a_host_is_asked_directly_when_a_rule_names_it(host: str, rules: str, *, excluded: bool) -> None:
    assert is_excluded(host, 443, rules) is excluded
