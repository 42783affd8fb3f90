"""The exchange with an issuer of credentials, IAM or the metadata service: how its responses are read (pure).

Source: docs/reference/swr-api.md#token-response, #metadata-service (their bodies), #iam-errors (their refusals).
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

import orjson

from crawler.errors import CredentialsError, TransientError
from crawler.swr.error_response import error_from_response
from crawler.swr.response import Response

_SUCCESS: Final = range(200, 300)
_ASSUMED_LIFETIME: Final = timedelta(hours=1)


class Send(Protocol):
    """Sends one request and returns its response, whatever its status; raises a RequestError when none came."""

    async def __call__(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Response:
        """Send a request to `url`, which is percent-encoded already."""
        ...


def raise_for_refusal(response: Response, issuer: str, requested: str) -> None:
    """Raise TransientError for a failure that may pass, CredentialsError for a refusal; return after a success.

    `issuer` and `requested` name the parties of the message: "IAM at https://…" refused "a token for user u".
    """
    if response.status in _SUCCESS:
        return
    error = error_from_response(response)
    if isinstance(error, TransientError):
        raise error
    raise CredentialsError(f"{issuer} refused {requested}: {error.details}; fix the cause, then rerun the command")


def json_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in `body`, an empty one if it holds anything else."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return content if isinstance(content, dict) else {}


def first_text(fields: object, *names: str) -> str:
    """Return the first text among the named fields of a JSON object, "" if there is none or `fields` is no object."""
    if not isinstance(fields, dict):
        return ""
    return next((fields[name] for name in names if isinstance(fields.get(name), str)), "")


def expiry(fields: object, *names: str, now: datetime) -> datetime:
    """Return the time in the first text among the named fields, with time zone; a time without one is UTC.

    A grant without a readable time is assumed to expire one hour after `now`. If that is wrong, the service's refusal
    renews it.
    """
    try:
        moment = datetime.fromisoformat(first_text(fields, *names))
    except ValueError:
        return now + _ASSUMED_LIFETIME
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
