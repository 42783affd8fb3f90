"""The identity token by which a workload proves who it is, and what it says of whom (pure).

Source: docs/reference/swr-api.md#workload-tokens; RFC 7519 (JWT).
"""

import re
from base64 import urlsafe_b64decode
from binascii import Error
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import orjson

_JWT: Final = re.compile(r"[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]*")
_MAX_CLAIM_LENGTH: Final = 256  # characters


class IdentityToken(NamedTuple):
    """An identity token: `read` returns it, as it is now; `place` names where it is. Its repr does not show it.

    `read` raises CredentialsError when the token is not there.
    """

    read: Callable[[], str]
    place: str


def subject_of(token: str) -> dict[str, str]:
    """Return who the subject of an identity token is, by what names it; {} for a token that does not say.

    Nobody has verified the token: this tells one subject from another, and proves nothing.
    """
    claims = _claims(token)
    issuer, subject = _name(claims.get("iss")), _name(claims.get("sub"))
    return {"token issuer": issuer, "subject": subject} if issuer and subject else {}


def service_account_of(token: str) -> dict[str, str]:
    """Return which service account of which cluster a pod's token is for; {} for a token that does not say.

    The id of the service account tells it from one of the same name in another cluster: by default all clusters
    have the same token issuer.
    """
    cluster = _claims(token).get("kubernetes.io")
    account = cluster.get("serviceaccount") if isinstance(cluster, dict) else None
    identifier = _name(account.get("uid")) if isinstance(account, dict) else ""
    subject = subject_of(token)
    return {**subject, "service account id": identifier} if subject and identifier else {}


def _name(claim: object) -> str:
    """Return a claim that names somebody, "" for any other value."""
    return claim if isinstance(claim, str) and len(claim) <= _MAX_CLAIM_LENGTH else ""


def _claims(token: str) -> dict[str, Any]:
    """Return the claims of a JWT, {} for any other text."""
    found = _JWT.fullmatch(token)
    if found is None:
        return {}
    try:
        claims = orjson.loads(urlsafe_b64decode(found[1] + "=" * (-len(found[1]) % 4)))
    except (Error, orjson.JSONDecodeError):
        return {}
    return claims if isinstance(claims, dict) else {}
