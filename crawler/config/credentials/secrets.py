"""Read the secrets that the configuration refers to."""

import logging
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final, TypeAlias

from crawler.config.settings.secret_ref import SecretRef
from crawler.errors import CredentialsError
from crawler.files.home import without_tilde
from crawler.files.regular import read_bounded

log = logging.getLogger(__name__)

_MAX_SECRET_BYTES: Final = 128 * 2**10  # four times the largest token (swr-api.md#header-size-limits)
_MAX_FILE_BYTES: Final = 256 * 2**10  # a hundred entries take a sixth; YAML is decoded slowly

Stored: TypeAlias = Callable[[SecretRef], str]


def nothing_stored(_reference: SecretRef) -> str:
    """Return "", as `Stored` does when no file of another tool has the secret: for one that is not a target's."""
    return ""


def read_secret(reference: SecretRef, environ: Mapping[str, str], stored: Stored) -> str:
    """Return the secret that `reference` names, without the newline at the end of a file.

    `stored` looks up what is in a file of another tool (`crawler.config.credentials.stored`). Raise CredentialsError
    for a secret that is missing or unreadable; its message never contains what was read.
    """
    secret = _text(reference, environ, stored).strip("\r\n")
    if not secret.strip():
        raise CredentialsError(f"{reference}: is empty; put the secret there, then rerun the command")
    if not _is_utf8(secret):
        raise _not_text(reference)
    return secret


def read_header(reference: SecretRef, environ: Mapping[str, str], stored: Stored) -> str:
    """Return a secret that is sent in a header: a token or a key, never a password.

    Raise CredentialsError as `read_secret` does, and for characters that a header cannot hold.
    """
    secret = read_secret(reference, environ, stored).strip()
    if not (secret.isascii() and secret.isprintable()) or " " in secret:
        raise CredentialsError(
            f"{reference}: holds characters that no token or key has; check that the right secret is there"
        )
    return secret


def read_tool_file(path: str, setting: str) -> str | None:
    """Return the text of a file in which another tool keeps credentials, None when there is no such file.

    `setting` asks for it; `path` may begin with `~`. What is in a folder that this user may not look into is not there.
    Raise CredentialsError when the file cannot be read.
    """
    shown = path if path.isprintable() else ascii(path)
    try:
        if not _is_there(path):
            return None
        return read_bounded(without_tilde(path), _MAX_FILE_BYTES).decode("utf-8-sig")
    except PermissionError as error:
        raise CredentialsError(f"{setting} {shown}: {error.strerror}; let this user read it") from None
    except OSError as error:
        raise CredentialsError(f"{setting} {shown}: {error.strerror}; name another file") from None
    except UnicodeDecodeError:
        raise CredentialsError(f"{setting} {shown}: is not UTF-8 text; name another file") from None
    except ValueError:  # a NUL in the path
        raise CredentialsError(f"{setting} {shown}: cannot be the path of a file; name another file") from None


def _is_there(path: str) -> bool:
    """Return whether there is a file that this user can see. Raise OSError when the disk does not say."""
    try:
        without_tilde(path).stat()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return False
    return True


def warn_of_exposed(path: str) -> None:
    """Log a warning when every user of the machine may read or change a file that a secret was read from.

    Its group may: Kubernetes mounts a Secret as root's, and readable for the group of the pod (`fsGroup`).
    """
    with suppress(OSError):  # it is gone since
        if without_tilde(path).stat().st_mode & stat.S_IRWXO:
            log.warning("credentials.exposed", extra={"path": path})


def _text(reference: SecretRef, environ: Mapping[str, str], stored: Stored) -> str:
    if reference.kind == "env":
        return environ.get(reference.name, "")
    if reference.kind != "file":
        return stored(reference)
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
