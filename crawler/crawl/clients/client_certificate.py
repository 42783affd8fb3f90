"""Loads the certificate that a target shows of itself, and says what is wrong with its files before any request.

OpenSSL does not say which of the files cannot be used, and why. And it asks for a password on the terminal.
"""

import re
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from crawler.config.credentials.secrets import nothing_stored, read_secret
from crawler.crawl.clients.tls_files import ClientCertificate, NamedFile, unreadable
from crawler.errors import ConfigError
from crawler.files.home import without_tilde
from crawler.files.regular import read_bounded
from crawler.swr.error_response import printable
from crawler.swr.http.network.der import read_certificate

_MAX_BYTES: Final = 2**20
_MISMATCH: Final = "KEY_VALUES_MISMATCH"
_CERTIFICATE: Final = re.compile(r"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^-]*-----END [A-Z0-9 ]+-----")
_KEY: Final = re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----")


class _Pem(NamedTuple):
    """A file that was read."""

    setting: str
    path: Path
    text: str

    def wrong(self, problem: str) -> ConfigError:
        return ConfigError(f"{self.setting}: {self.path} {problem}", setting=self.setting)


def show(context: ssl.SSLContext, client: ClientCertificate, environ: Mapping[str, str]) -> str:
    """Let a context show a client certificate; return whose it is, who signed it, and until when it is valid.

    Raise ConfigError when the files hold none that is valid today, or not its key, CredentialsError when the key is
    encrypted and the place of its password holds none.
    """
    certificate = _read(client.file)
    summary = _summary(certificate)
    key = _read(client.key) if client.key else certificate
    if not _KEY.search(key.text):
        other = "" if client.key else ", or set client_key"
        raise key.wrong(f"holds no private key (PEM); name a file that does{other}")
    asked_for = []

    def password() -> str:  # without it OpenSSL asks on the terminal
        asked_for.append(key)
        return read_secret(client.key_password, environ, nothing_stored) if client.key_password else ""

    try:
        context.load_cert_chain(certificate.path, key.path, password)
    except (ssl.SSLError, OSError, ValueError) as error:
        if asked_for and client.key_password:
            problem = f"is encrypted, and {client.key_password} is not its password; correct client_key_password"
        elif asked_for:
            problem = (
                "is encrypted; set client_key_password to env:NAME or file:PATH of its password, or name a plain key:"
                f" openssl pkey -in {key.path} -out PLAIN"
            )
        elif getattr(error, "reason", "") == _MISMATCH:
            problem = f"is not the key of {certificate.path}; name the one that is"
        else:
            holds = "holds" if key is certificate else f"and {certificate.path} hold"
            problem = f"{holds} no certificate with its key (PEM) that can be read; name files that do"
        raise key.wrong(problem) from None
    return summary


def _summary(certificate: _Pem) -> str:
    """Return what people need to tell a certificate from others, "" for one that cannot be read.

    Raise ConfigError for a file without a certificate, and for a certificate that has expired.
    """
    found = _CERTIFICATE.search(certificate.text)
    if found is None:
        raise certificate.wrong("holds no certificate (PEM); name a file that does")
    try:
        seen = read_certificate(ssl.PEM_cert_to_DER_cert(found[0]))
    except ValueError:  # no base64, which OpenSSL will say, or of the older forms, which are for authorities
        return ""
    shown = printable(seen.summary, str) if seen is not None else ""
    if seen is not None and seen.not_after < datetime.now(UTC):
        raise certificate.wrong(f"has expired ({shown}); name one that is valid, or correct the clock of this machine")
    return shown


def _read(file: NamedFile) -> _Pem:
    """Return a file with its whole path. Raise ConfigError for one that cannot be read."""
    path = Path(file.path)
    try:
        path = without_tilde(file.path)
        return _Pem(file.setting, path, read_bounded(path, _MAX_BYTES).decode("ascii", "replace"))
    except OSError as error:
        raise unreadable(file.setting, path, error) from None
