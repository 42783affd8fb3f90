"""Makes what TLS trusts and shows: the CA certificates of a target, and its client certificate.

Verification is never turned off. Without any of these settings there is nothing to make: aiohttp trusts the system.
"""

import os
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from crawler.crawl.clients.tls_files import SYSTEM_FILE, NamedFile, TlsFiles, unreadable
from crawler.errors import ConfigError
from crawler.files.home import without_tilde
from crawler.files.presence import is_dir

_HASHED: Final = frozenset("0123456789abcdef")
_HASH_DIGITS: Final = 8


class LoadedTls(NamedTuple):
    """What TLS trusts and shows, and whose client certificate it shows, in words; "" for none."""

    context: ssl.SSLContext
    client_certificate: str


def tls_context(files: TlsFiles, environ: Mapping[str, str]) -> LoadedTls:
    """Return what TLS trusts and shows. Raise ConfigError, which names the setting, for a file that cannot be used.

    The password of an encrypted key may be in `environ`; raise CredentialsError if it cannot be read.
    """
    context = _trusting(files)
    if files.authorities or files.system_file or files.system_folders:
        _judge_alike(context)
    context.set_alpn_protocols(("http/1.1",))  # as aiohttp's own
    if files.client is None:
        return LoadedTls(context, "")
    from crawler.crawl.clients.client_certificate import show  # noqa: PLC0415 - few targets have one

    return LoadedTls(context, show(context, files.client, environ))


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
