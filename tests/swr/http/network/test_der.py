"""What a certificate says is read from its bytes, and no bytes raise an error."""

import ssl
from datetime import UTC, datetime

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from crawler.swr.http.network.der import read_certificate

UNTIL = datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC)
FAR = datetime(2077, 1, 2, tzinfo=UTC)  # beyond 2049 the time has four digits of the year


def issued(*names: str, until: datetime = UNTIL) -> bytes:
    authority = trustme.CA(organization_name="Company", organization_unit_name="Net")
    leaf = authority.issue_cert(*names, not_after=until, common_name="swr", organization_name="Cloud ä")
    return ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode())


def test_both_names_the_last_day_and_the_hosts_are_read() -> None:
    seen = read_certificate(issued("a.test", "*.b.test", "10.0.0.1", "::1"))
    assert seen is not None
    assert seen.subject.startswith("O=Cloud ä, OU=Testing cert #")
    assert seen.subject.endswith(", CN=swr")
    assert (seen.issuer, seen.not_after) == ("O=Company, OU=Net", UNTIL)
    assert seen.hosts == ("a.test", "*.b.test", "10.0.0.1", "::1")
    assert seen.summary == f"subject {seen.subject}; issuer O=Company, OU=Net; valid until 2031-02-03"


def test_a_time_beyond_2049_is_read() -> None:
    seen = read_certificate(issued("a.test", until=FAR))
    assert seen is not None
    assert seen.not_after == FAR


TRUNCATED = [b"", b"\x30", b"\x30\x05\x00", b"\x30\x00", b"\x30\x84\xff\xff\xff\xff", b"\x30\x02\x30\x00"]


@pytest.mark.parametrize("data", [*TRUNCATED, b"no certificate"])
def test_what_is_no_certificate_is_none(data: bytes) -> None:
    assert read_certificate(data) is None


CERTIFICATE = issued("a.test")


@given(at=st.integers(0, len(CERTIFICATE) - 1), byte=st.integers(0, 255), size=st.integers(0, len(CERTIFICATE)))
def test_a_damaged_certificate_raises_nothing(at: int, byte: int, size: int) -> None:
    read_certificate((CERTIFICATE[:at] + bytes([byte]) + CERTIFICATE[at + 1 :])[:size])


def test_a_certificate_without_a_name_says_so() -> None:
    seen = read_certificate(issued("a.test"))
    assert seen is not None
    assert seen._replace(subject="").summary.startswith("subject without a name; issuer O=Company")


def test_parts_of_a_name_and_names_that_are_no_hosts_are_left_out() -> None:
    unit, country = bytes.fromhex("55040b"), bytes.fromhex("550406")
    seen = read_certificate(issued("a.test", "someone@a.test").replace(unit, country))
    assert seen is not None
    assert (seen.subject, seen.issuer, seen.hosts) == ("O=Cloud ä, CN=swr", "O=Company", ("a.test",))
