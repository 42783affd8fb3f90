"""What a failure of the network means for the next step, as one of our errors."""

import ssl
from typing import Final

import aiohttp

from crawler.errors import ErrorDetails, RefusedError, RequestError, TransientError
from crawler.swr.response import printable

# The first class that fits holds.
_FAILURES: Final[tuple[tuple[type[BaseException], type[RequestError], str], ...]] = (
    (aiohttp.ClientConnectorCertificateError, RefusedError, "the certificate does not hold"),
    (ssl.SSLCertVerificationError, RefusedError, "the certificate does not hold"),
    (aiohttp.ClientConnectorDNSError, TransientError, "the host's name is not known"),
    (aiohttp.ConnectionTimeoutError, TransientError, "no connection within the timeout"),
    (TimeoutError, TransientError, "no answer within the timeout"),
    (aiohttp.ClientConnectorError, TransientError, "no connection"),
    (aiohttp.ServerDisconnectedError, TransientError, "the connection was closed without an answer"),
    (aiohttp.ClientPayloadError, TransientError, "the answer broke off"),
    (aiohttp.ClientResponseError, TransientError, "the answer is no HTTP"),
    (Exception, TransientError, "the connection broke"),
)


def failure_of(error: BaseException) -> RequestError:
    """Return the error that says what to do next."""
    kind, text = next((kind, text) for foreign, kind, text in _FAILURES if isinstance(error, foreign))
    reason = getattr(error, "strerror", None) or ""
    return kind(ErrorDetails(text=f"{text} ({printable(reason)})" if reason else text))
