"""Reads what the service is shown as credentials, from where the configuration says it is."""

from collections.abc import Mapping
from pathlib import Path

from crawler.config import SecretRef
from crawler.errors import CredentialsError


def read_token(reference: SecretRef, environ: Mapping[str, str]) -> str:
    """Give the token that `reference` names. Raises CredentialsError, which never repeats what was read."""
    if reference.kind == "env":
        text = environ.get(reference.name, "")
    else:
        try:
            text = Path(reference.name).expanduser().read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "is no text"
            raise CredentialsError(f"token {reference}: {reason}; put the token there and run again") from None
    token = text.strip()
    if not token:
        raise CredentialsError(f"token {reference}: is empty; put the token there and run again")
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise CredentialsError(f"token {reference}: holds characters that no token has; was the right thing put there?")
    return token
