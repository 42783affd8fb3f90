"""Whose a certificate is, read from its bytes (pure).

Python shows the fields of a certificate only after it has found it valid, and a user needs them when it is not. So the
few fields that a person looks at are read here. The bytes are foreign: whatever they are, nothing is raised.

Source: RFC 5280, 4.1 (the fields), 4.2.1.6 (names of hosts); X.690 (DER).
"""

import ipaddress
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final, NamedTuple

_SEQUENCE: Final = 0x30
_VERSION, _EXTENSIONS = 0xA0, 0xA3
_OID, _OCTETS, _UTC_TIME = 0x06, 0x04, 0x17
_DNS, _ADDRESS = 0x82, 0x87
_SHOWN: Final = {bytes.fromhex("550403"): "CN", bytes.fromhex("55040a"): "O", bytes.fromhex("55040b"): "OU"}
_ALTERNATIVE_NAMES: Final = bytes.fromhex("551d11")


class Certificate(NamedTuple):
    """What a person looks at: both names as `CN=…, O=…`, the end of its time, and the hosts that it is for."""

    subject: str
    issuer: str
    not_after: datetime
    hosts: tuple[str, ...]

    @property
    def summary(self) -> str:
        """Whose it is, who signed it, and its last day, as far as messages say it."""
        subject = self.subject or "without a name"
        return f"subject {subject}; issuer {self.issuer}; valid until {self.not_after.date()}"


class _Field(NamedTuple):
    tag: int
    content: bytes


def read_certificate(data: bytes) -> Certificate | None:
    """Return what a certificate in DER says; None for anything else."""
    try:
        (certificate,) = _fields(data)
        body = [field for field in _fields(next(_fields(certificate.content)).content) if field.tag != _VERSION]
        _serial, _algorithm, issuer, validity, subject = body[:5]
        _begin, end = _fields(validity.content)
        extensions = next((field.content for field in body if field.tag == _EXTENSIONS), b"")
        return Certificate(_name(subject), _name(issuer), _time(end), tuple(_hosts(extensions)))
    except (ValueError, IndexError, StopIteration):
        return None


def _fields(data: bytes) -> Iterator[_Field]:
    """Yield the fields that follow one another in `data`. Raise ValueError or IndexError for what is no DER."""
    at = 0
    while at < len(data):
        tag, size, begin = data[at], data[at + 1], at + 2
        if size & 0x80:
            count = size & 0x7F
            size, begin = int.from_bytes(data[begin : begin + count]), begin + count
        at = begin + size
        if at > len(data):
            raise ValueError
        yield _Field(tag, data[begin:at])


def _name(field: _Field) -> str:
    parts = []
    for group in _fields(field.content):
        for pair in _fields(group.content):
            kind, value = _fields(pair.content)
            if kind.content in _SHOWN:
                parts.append(f"{_SHOWN[kind.content]}={value.content.decode(errors='replace')}")
    return ", ".join(parts)


def _time(field: _Field) -> datetime:
    form = "%y%m%d%H%M%SZ" if field.tag == _UTC_TIME else "%Y%m%d%H%M%SZ"
    return datetime.strptime(field.content.decode("ascii"), form).replace(tzinfo=UTC)


def _hosts(extensions: bytes) -> Iterator[str]:
    for listed in _fields(extensions):
        for extension in _fields(listed.content):
            kind, *_, value = _fields(extension.content)
            if kind.content == _ALTERNATIVE_NAMES:
                yield from _alternative_names(value.content)


def _alternative_names(data: bytes) -> Iterator[str]:
    for names in _fields(data):
        for name in _fields(names.content):
            if name.tag == _DNS:
                yield name.content.decode(errors="replace")
            elif name.tag == _ADDRESS:
                yield str(ipaddress.ip_address(name.content))
