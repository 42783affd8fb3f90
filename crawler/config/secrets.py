"""Reads the secrets that the configuration only refers to."""

import stat
from collections.abc import Mapping
from configparser import ConfigParser
from configparser import Error as IniError
from pathlib import Path

from crawler.config.settings import SecretRef
from crawler.errors import CredentialsError


def read_secret(reference: SecretRef, environ: Mapping[str, str], profile: str | None) -> str:
    """Give what `reference` names, without the line end of a file; `profile` is the text of the credentials file.

    Raises CredentialsError, which never repeats what was read.
    """
    secret = _text(reference, environ, profile).strip("\r\n")
    if not secret.strip():
        raise CredentialsError(f"{reference}: is empty; put the secret there and run again")
    return secret


def read_header(reference: SecretRef, environ: Mapping[str, str], profile: str | None) -> str:
    """Give a secret that is sent as a header, or as part of one: a token or a key, never a password.

    Raises CredentialsError as `read_secret` does, and for what no header can hold.
    """
    secret = read_secret(reference, environ, profile).strip()
    if not (secret.isascii() and secret.isprintable()) or " " in secret:
        raise CredentialsError(
            f"{reference}: holds characters that no token or key has; was the right thing put there?"
        )
    return secret


def read_profile(path: Path) -> str | None:
    """Give the text of a credentials file, None when there is none.

    Raises CredentialsError when it can't be read, or when others than its owner can.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CredentialsError(f"credentials_file {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CredentialsError(f"credentials_file {path}: is no text") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise CredentialsError(f"credentials_file {path}: others can read it; chmod 600 {path}")
    return text


def _text(reference: SecretRef, environ: Mapping[str, str], profile: str | None) -> str:
    if reference.kind == "env":
        return environ.get(reference.name, "")
    if reference.kind == "profile":
        section, _, name = reference.name.partition(".")
        parser = ConfigParser(interpolation=None)
        try:
            parser.read_string(profile or "")
        except IniError:  # its message would hold the line, and the line the secret
            raise CredentialsError(f"{reference}: the credentials file is no INI file") from None
        return parser.get(section, name, fallback="")
    try:
        return Path(reference.name).expanduser().read_text(encoding="utf-8")
    except OSError as error:
        raise CredentialsError(f"{reference}: {error.strerror}; put the secret there and run again") from None
    except UnicodeDecodeError:
        raise CredentialsError(f"{reference}: is no text; put the secret there and run again") from None
