"""The exchange with an issuer of credentials, such as IAM or the metadata service: how its responses are read (pure).

Source: docs/reference/swr-api.md#token-response, #metadata-service (their bodies), #token-lifetime, #iam-errors
(their refusals).
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

import orjson

from crawler.errors import CredentialsError, TransientError
from crawler.swr.error_response import error_from_response
from crawler.swr.response import Response
from crawler.swr.throttle_wait import http_date

_SUCCESS: Final = range(200, 300)
_MAX_BYTES: Final = 2**20  # a token with the catalog of all services in all regions has some hundred kilobytes
_ASSUMED_LIFETIME: Final = timedelta(hours=1)
# Tokens live for 24 hours (swr-api.md#token-lifetime). Some issuers say *never*, by the last day of the calendar.
_LONGEST_LIFETIME: Final = timedelta(days=30)
_MAX_SECRET_LENGTH: Final = 64 * 2**10  # twice what the gateway accepts in one header (swr-api.md#header-size-limits)
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]")


class Send(Protocol):
    """Sends one request and returns its response, whatever its status; raises a RequestError when none came."""

    async def __call__(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Response:
        """Send a request to `url`, which is percent-encoded already."""
        ...


def raise_for_refusal(response: Response, issuer: str, requested: str, fix: str = "fix the cause") -> None:
    """Raise TransientError for a failure that may pass, CredentialsError for a refusal; return after a success.

    `issuer` and `requested` name the parties of the message: "IAM at https://…" refused "a token for user u". `fix`
    says what to do then.
    """
    if response.status in _SUCCESS:
        return
    error = error_from_response(response)
    if isinstance(error, TransientError):
        raise error
    raise CredentialsError(f"{issuer} refused {requested}: {error.details}; {fix}, then rerun the command")


def json_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in `body`, an empty one if it holds anything else, or is larger than any grant."""
    if len(body) > _MAX_BYTES:
        return {}
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


def can_be_sent(secret: str) -> bool:
    """Return whether a secret of a grant can be sent in a header: none with control characters, or of megabytes can."""
    return len(secret) <= _MAX_SECRET_LENGTH and not _CONTROLS.search(secret)


def lifetime(response: Response, fields: object, *expiry_names: str, now: datetime) -> timedelta:
    """Return for how long a grant is valid that came in `response`: above 0, and at most _LONGEST_LIFETIME.

    The time in the first text among the named fields is compared with the clock of the issuer: the Date of the
    response, and `issued_at` among `fields`. The shorter time counts: a grant may have been issued earlier. `now`, by
    this machine's clock, is used only when the issuer tells no time. A grant without a readable time, or one that had
    expired when it came, is assumed to expire in an hour. If that is wrong, the service's refusal renews it.
    """
    expires_at = _moment(first_text(fields, *expiry_names))
    if expires_at is None:
        return _ASSUMED_LIFETIME
    own = [http_date(response.headers.get("Date", "")), _moment(first_text(fields, "issued_at"))]
    begins = [moment for moment in own if moment is not None] or [now]
    lifetimes = [expires_at - begin for begin in begins if expires_at > begin]
    return min(*lifetimes, _LONGEST_LIFETIME) if lifetimes else _ASSUMED_LIFETIME


def _moment(text: str) -> datetime | None:
    """Return a time, with time zone; one without is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
