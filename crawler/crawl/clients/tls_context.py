"""Makes what TLS trusts and shows: the CA certificates of a target, and its client certificate.

Verification is never turned off. Without any of these settings there is nothing to make: aiohttp trusts the system.
"""

import os
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from crawler.config.credentials.methods import Method
from crawler.config.credentials.source import name_as_written
from crawler.config.credentials.target import Target
from crawler.config.network.routes import issuer_of, routes
from crawler.crawl.clients.client_certificate import ClientCertificate, NamedFile, show, unreadable
from crawler.errors import ConfigError
from crawler.files.home import without_tilde
from crawler.files.presence import is_dir

SYSTEM_FILE: Final = "SSL_CERT_FILE"
SYSTEM_FOLDERS: Final = "SSL_CERT_DIR"
_HASHED: Final = frozenset("0123456789abcdef")
_HASH_DIGITS: Final = 8


class TlsFiles(NamedTuple):
    """The files of a target's TLS.

    `authorities` are trusted in place of the system's. `system_file` and `system_folders` are those of OpenSSL's own
    variables, "" if not set: what the system trusts, beside its default.
    """

    authorities: NamedFile | None = None
    system_file: str = ""
    system_folders: str = ""
    client: ClientCertificate | None = None


class LoadedTls(NamedTuple):
    """What TLS trusts and shows, and whose client certificate it shows, in words; "" for none."""

    context: ssl.SSLContext
    client_certificate: str


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


def tls_context(files: TlsFiles, environ: Mapping[str, str]) -> LoadedTls:
    """Return what TLS trusts and shows. Raise ConfigError, which names the setting, for a file that cannot be used.

    The password of an encrypted key may be in `environ`; raise CredentialsError if it cannot be read.
    """
    context = _trusting(files)
    if files.authorities or files.system_file or files.system_folders:
        _judge_alike(context)
    shown = "" if files.client is None else show(context, files.client, environ)
    context.set_alpn_protocols(("http/1.1",))  # as aiohttp's own
    return LoadedTls(context, shown)


def _judge_alike(context: ssl.SSLContext) -> None:
    """Let a context judge the certificates that a user trusts in the same way on every Python.

    Since 3.13 Python trusts what signed a certificate without what signed that, as curl does, and refuses what is not
    written as RFC 5280 has it, which many proxies of companies are not. Who signed, until when and for which host is
    verified all the same.
    """
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT


def _trusting(files: TlsFiles) -> ssl.SSLContext:
    """Return a context that trusts the `authorities` alone, else what the system trusts."""
    written, setting = files.authorities or NamedFile(files.system_file, SYSTEM_FILE)
    path = Path(written)
    try:
        path = without_tilde(written)
        if files.authorities:
            return _trusting_only(path, setting)
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
        raise unreadable(setting, path, error) from None
    return context


def _trusting_only(path: Path, setting: str) -> ssl.SSLContext:
    if not is_dir(path):
        return ssl.create_default_context(cafile=path)
    # OpenSSL opens such a file when it meets a certificate of this authority, and says nothing of any other name.
    if not any(_is_hash(file.name) for file in path.iterdir()):
        raise ConfigError(
            f"{setting}: no file in {path} is named by the hash of an authority; run `openssl rehash {path}`, or name"
            " the file",
            setting=setting,
        )
    return ssl.create_default_context(capath=path)


def _is_hash(name: str) -> bool:
    digits, _, number = name.partition(".")
    return len(digits) == _HASH_DIGITS and set(digits) <= _HASHED and number.isdecimal()
