"""Certificates of a throw-away authority, for tests of TLS."""

import ssl
from functools import cache
from pathlib import Path

import trustme


@cache
def authority(name: str = "one") -> trustme.CA:
    """Return an authority that nothing trusts; another one for each name."""
    return trustme.CA(organization_name=f"test {name}")


@cache
def server_tls(*names: str) -> ssl.SSLContext:
    """Return what serves TLS with a certificate of the authority for these names, by default localhost."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue_cert(*(names or ("localhost",))).configure_cert(context)
    return context


@cache
def client_tls() -> ssl.SSLContext:
    """Return what trusts the authority, and no other."""
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=None)
    authority().configure_trust(context)
    return context


def ca_file(folder: Path) -> Path:
    """Write the certificate of the authority into a file."""
    path = folder / "ca.pem"
    authority().cert_pem.write_to_path(str(path))
    return path
