"""Makes what TLS trusts and shows: the CA certificates of a target, and its client certificate.

Verification is never turned off. Without any of these settings there is nothing to make: aiohttp trusts the system.
"""

import os
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from crawler.config.credentials.source import name_as_written
from crawler.config.credentials.target import Target
from crawler.errors import ConfigError
from crawler.files.home import without_tilde
from crawler.files.presence import is_dir
from crawler.files.regular import read_bounded

SYSTEM_FILE: Final = "SSL_CERT_FILE"
SYSTEM_FOLDERS: Final = "SSL_CERT_DIR"
_MAX_BYTES: Final = 2**20
_MISMATCH: Final = "KEY_VALUES_MISMATCH"


class TlsFiles(NamedTuple):
    """The files of a target's TLS, "" for each that it does not have; `ca_setting` is how a user wrote `ca_file`.

    `system_file` and `system_folders` are those of OpenSSL's own variables: what the system trusts, beside its default.
    """

    ca_file: str
    ca_setting: str
    system_file: str
    system_folders: str
    client_cert: str
    client_key: str


def tls_files(target: Target, environ: Mapping[str, str]) -> TlsFiles | None:
    """Return the files of a target's TLS, None for a target that has none. Raise ConfigError for a key alone."""
    if target.client_key and not target.client_cert:
        raise ConfigError(
            f"target {target.name}: client_key has no certificate that it is for; set client_cert, or remove it",
            setting=name_as_written("client_key", target.origin_of("client_key")),
        )
    ca_file = target.ca_file or ""
    system = ("", "") if ca_file else (environ.get(SYSTEM_FILE, ""), environ.get(SYSTEM_FOLDERS, ""))
    written = name_as_written("ca_file", target.origin_of("ca_file"))
    files = TlsFiles(ca_file, written, *system, target.client_cert or "", target.client_key or "")
    return files if any(files._replace(ca_setting="")) else None


def tls_context(files: TlsFiles) -> ssl.SSLContext:
    """Return what TLS trusts and shows. Raise ConfigError, which names the setting, for a file that cannot be used."""
    context = _trusting(files)
    if files.client_cert:
        _show(context, Path(files.client_cert), Path(files.client_key or files.client_cert))
    context.set_alpn_protocols(("http/1.1",))  # as aiohttp's own
    return context


def _trusting(files: TlsFiles) -> ssl.SSLContext:
    """Return a context that trusts `ca_file` alone, else what the system trusts."""
    path = Path(files.ca_file or files.system_file)
    setting = files.ca_setting if files.ca_file else SYSTEM_FILE
    try:
        path = without_tilde(str(path))
        if files.ca_file:
            file, folder = (None, path) if is_dir(path) else (path, None)
            return ssl.create_default_context(cafile=file, capath=folder)
        context = ssl.create_default_context()
        if files.system_file:
            context.load_verify_locations(path)
        for listed in filter(None, files.system_folders.split(os.pathsep)):
            context.load_verify_locations(capath=listed)
    except ssl.SSLError:
        raise ConfigError(
            f"{setting}: {path} holds no CA certificate (PEM); name a file that does", setting=setting
        ) from None
    except OSError as error:
        raise _unreadable(setting, path, error) from None
    return context


def _show(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    """Let a context show a client certificate. Raise ConfigError when the files hold none, or not its key."""
    certificate, key = (_readable(*one) for one in (("client_cert", certificate), ("client_key", key)))
    asked_for = []

    def password() -> str:  # without it OpenSSL asks on the terminal
        asked_for.append(key)
        return ""

    try:
        context.load_cert_chain(certificate, key, password)
    except (ssl.SSLError, OSError, ValueError) as error:
        if asked_for:
            problem = f"client_key: {key} is encrypted, which is not supported; name a file with the plain key"
        elif getattr(error, "reason", "") == _MISMATCH:
            problem = f"client_key: {key} is not the key of {certificate}; name the one that is"
        else:
            problem = f"client_cert: {certificate} and {key} hold no certificate with its key (PEM); name files that do"
        raise ConfigError(problem, setting=problem.partition(":")[0]) from None


def _readable(setting: str, path: Path) -> Path:
    """Return the whole path of a file. Raise ConfigError for one that cannot be read: OpenSSL does not say which."""
    try:
        path = without_tilde(str(path))
        read_bounded(path, _MAX_BYTES)
    except OSError as error:
        raise _unreadable(setting, path, error) from None
    return path


def _unreadable(setting: str, path: Path, error: OSError) -> ConfigError:
    return ConfigError(f"{setting}: cannot read {path}: {error.strerror}", setting=setting)
