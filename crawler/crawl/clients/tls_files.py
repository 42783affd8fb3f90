"""Which files of TLS a target has: the CA certificates that it trusts, and its client certificate with the key."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from crawler.config.credentials.methods import Method
from crawler.config.credentials.source import name_as_written
from crawler.config.credentials.target import Target
from crawler.config.network.routes import issuer_of, routes
from crawler.config.settings.secret_ref import SecretRef
from crawler.errors import ConfigError

SYSTEM_FILE: Final = "SSL_CERT_FILE"
SYSTEM_FOLDERS: Final = "SSL_CERT_DIR"


class NamedFile(NamedTuple):
    """A path, and the setting or the variable in which a user wrote it."""

    path: str
    setting: str


class ClientCertificate(NamedTuple):
    """The file of a certificate, that of its key, None for the same, and the place of the password of the key."""

    file: NamedFile
    key: NamedFile | None
    key_password: SecretRef | None


class TlsFiles(NamedTuple):
    """The files of a target's TLS.

    `authorities` are trusted in place of the system's. `system_file` and `system_folders` are those of OpenSSL's own
    variables, "" if not set: what the system trusts, beside its default.
    """

    authorities: NamedFile | None = None
    system_file: str = ""
    system_folders: str = ""
    client: ClientCertificate | None = None


def tls_files(target: Target, method: Method | None, environ: Mapping[str, str]) -> TlsFiles | None:
    """Return the files of TLS when a target is asked that authenticates by `method`; None without any, or without TLS.

    Raise ConfigError for a variable that names no proxy, and for a key alone.
    """
    if not _is_secured(target, method, environ):
        return None
    authorities = _named(target, "ca_file")
    system = ("", "") if authorities else (environ.get(SYSTEM_FILE, ""), environ.get(SYSTEM_FOLDERS, ""))
    files = TlsFiles(authorities, *system, _client_certificate(target))
    return files if any(files) else None


def _is_secured(target: Target, method: Method | None, environ: Mapping[str, str]) -> bool:
    """Return whether the API, the issuer of credentials or a proxy is asked by TLS."""
    proxies = [way.proxy for way in routes(target, method, environ).values() if way.proxy is not None]
    return any(asked.startswith("https:") for asked in (target.endpoint, issuer_of(method) or "", *proxies))


def _client_certificate(target: Target) -> ClientCertificate | None:
    file = _named(target, "client_cert")
    if file is not None:
        return ClientCertificate(file, _named(target, "client_key"), target.client_key_password)
    for setting in ("client_key", "client_key_password"):
        if getattr(target, setting):
            raise ConfigError(
                f"target {target.name}: {setting} has no certificate that it is for; set client_cert, or remove it",
                setting=name_as_written(setting, target.origin_of(setting)),
            )
    return None


def _named(target: Target, setting: str) -> NamedFile | None:
    path = getattr(target, setting)
    return NamedFile(path, name_as_written(setting, target.origin_of(setting))) if path else None


def unreadable(setting: str, path: Path, error: OSError) -> ConfigError:
    """Return the error of a file of TLS that cannot be read."""
    return ConfigError(f"{setting}: cannot read {path}: {error.strerror}", setting=setting)
