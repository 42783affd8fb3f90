"""Certificates of a throw-away authority, for tests of TLS."""

import ssl
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

LONG_AGO = datetime.now(UTC) - timedelta(days=400)


class ClientFiles(NamedTuple):
    """The files of a client certificate, and of its key."""

    certificate: Path
    key: Path


@cache
def authority(name: str) -> trustme.CA:
    """Return an authority that nothing trusts; another one for each name."""
    return trustme.CA(organization_name=f"test {name}")


@cache
def server_tls(
    *names: str, expired: bool = False, clients_of: str = "", version: ssl.TLSVersion | None = None
) -> ssl.SSLContext:
    """Return what serves TLS with a certificate of the authority for these names, by default localhost.

    `clients_of` names the authority of the client certificates that it demands.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    until = LONG_AGO if expired else None
    authority("one").issue_cert(*(names or ("localhost",)), not_before=None, not_after=until).configure_cert(context)
    if version is not None:
        context.minimum_version = context.maximum_version = version
    if clients_of:
        context.verify_mode = ssl.CERT_REQUIRED
        authority(clients_of).configure_trust(context)
    return context


def careless_tls(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Return what serves TLS for localhost with certificates as many proxies of companies write them, and their CA.

    They lack what RFC 5280 demands: no key identifiers, no key usage, and the constraint of a CA is not critical.
    """
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca = _signed("Company CA", x509.BasicConstraints(ca=True, path_length=None), ca_key, ca_key)
    leaf = _signed("localhost", x509.SubjectAlternativeName([x509.DNSName("localhost")]), key, ca_key)
    (folder / "company-ca.pem").write_bytes(ca)
    (folder / "served.pem").write_bytes(leaf + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "served.pem")
    return context, folder / "company-ca.pem"


def _signed(
    name: str, extension: x509.ExtensionType, key: ec.EllipticCurvePrivateKey, ca_key: ec.EllipticCurvePrivateKey
) -> bytes:
    """Return a certificate with this extension alone that holds today, signed by the company, as PEM."""
    issuer, subject = (x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, one)]) for one in ("Company CA", name))
    day, now = timedelta(days=1), datetime.now(UTC)
    made = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number(), now - day, now + day)
    return made.add_extension(extension, critical=False).sign(ca_key, hashes.SHA256()).public_bytes(Encoding.PEM)


@cache
def client_tls() -> ssl.SSLContext:
    """Return what trusts the authority, and no other."""
    context = ssl.create_default_context()
    authority("one").configure_trust(context)
    return context


def ca_file(folder: Path, name: str = "one") -> Path:
    """Write the certificate of an authority into a file."""
    path = folder / f"ca-{name}.pem"
    authority(name).cert_pem.write_to_path(str(path))
    return path


def client_files(folder: Path, name: str = "one", *, not_after: datetime | None = None) -> ClientFiles:
    """Write a client certificate of an authority, and its key, into two files."""
    files = ClientFiles(folder / f"client-{name}.pem", folder / f"client-{name}.key")
    issued = authority(name).issue_cert("client@example.test", not_after=not_after)
    issued.cert_chain_pems[0].write_to_path(str(files.certificate))
    issued.private_key_pem.write_to_path(str(files.key))
    return files
