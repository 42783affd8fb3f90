"""Read the secrets that the configuration refers to."""

import logging
import stat
from collections.abc import Mapping
from configparser import ConfigParser
from configparser import Error as IniError
from contextlib import suppress
from typing import Final

from crawler.config.settings.secret_ref import SecretRef
from crawler.errors import CredentialsError
from crawler.files.home import without_tilde
from crawler.files.regular import read_bounded

log = logging.getLogger(__name__)

_MAX_SECRET_BYTES: Final = 128 * 2**10  # four times the largest token (swr-api.md#header-size-limits)
_MAX_PROFILE_BYTES: Final = 2**20


def read_secret(reference: SecretRef, environ: Mapping[str, str], profile: str | None) -> str:
    """Return the secret that `reference` names, without the newline at the end of a file.

    `profile` is the text of the credentials file. Raise CredentialsError for a secret that is missing or unreadable;
    its message never contains what was read.
    """
    secret = _text(reference, environ, profile).strip("\r\n")
    if not secret.strip():
        raise CredentialsError(f"{reference}: is empty; put the secret there, then rerun the command")
    if not _is_utf8(secret):
        raise _not_text(reference)
    return secret


def read_header(reference: SecretRef, environ: Mapping[str, str], profile: str | None) -> str:
    """Return a secret that is sent in a header: a token or a key, never a password.

    Raise CredentialsError as `read_secret` does, and for characters that a header cannot hold.
    """
    secret = read_secret(reference, environ, profile).strip()
    if not (secret.isascii() and secret.isprintable()) or " " in secret:
        raise CredentialsError(
            f"{reference}: holds characters that no token or key has; check that the right secret is there"
        )
    return secret


def read_profile(path: str) -> str | None:
    """Return the text of a credentials file, None when there is no such file; `path` may begin with `~`.

    Raise CredentialsError when the file cannot be read.
    """
    try:
        return read_bounded(without_tilde(path), _MAX_PROFILE_BYTES).decode("utf-8-sig")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CredentialsError(f"credentials_file {path}: {error.strerror}; let this user read it") from None
    except UnicodeDecodeError:
        raise CredentialsError(f"credentials_file {path}: is not UTF-8 text; name another file") from None


def warn_of_exposed(path: str) -> None:
    """Log a warning when every user of the machine may read or change a credentials file that was read.

    Its group may: Kubernetes mounts a Secret as root's, and readable for the group of the pod (`fsGroup`).
    """
    with suppress(OSError):  # it is gone since
        if without_tilde(path).stat().st_mode & stat.S_IRWXO:
            log.warning("credentials.exposed", extra={"path": path})


def _text(reference: SecretRef, environ: Mapping[str, str], profile: str | None) -> str:
    if reference.kind == "env":
        return environ.get(reference.name, "")
    if reference.kind == "profile":
        section, _, name = reference.name.partition(".")
        parser = ConfigParser(interpolation=None)
        try:
            parser.read_string(profile or "")
        except IniError:  # its message would contain the line, and the line the secret
            raise CredentialsError(f"{reference}: the credentials file is not an INI file") from None
        return parser.get(section, name, fallback="")
    try:
        return read_bounded(without_tilde(reference.name), _MAX_SECRET_BYTES).decode()
    except OSError as error:
        raise CredentialsError(f"{reference}: {error.strerror}; put the secret there, then rerun the command") from None
    except UnicodeDecodeError:
        raise _not_text(reference) from None


def _is_utf8(secret: str) -> bool:
    """Return whether a secret is text: Python keeps other bytes of the environment as lone surrogates (PEP 383)."""
    try:
        secret.encode()
    except UnicodeEncodeError:
        return False
    return True


def _not_text(reference: SecretRef) -> CredentialsError:
    return CredentialsError(f"{reference}: is not UTF-8 text; put the secret there, then rerun the command")
