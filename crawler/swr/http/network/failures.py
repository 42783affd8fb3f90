"""Errors of the network, sorted by what to do next: `_FAILURES` maps foreign errors to a RequestError.

Source: docs/reference/swr-api.md#transient-failures.
"""

import errno
from typing import Final

import aiohttp
from yarl import URL

from crawler.errors import ErrorDetails, RequestError, TransientError
from crawler.files.open_files import open_files_advice
from crawler.swr.error_response import printable
from crawler.swr.http.network.certificates import client_certificate_error, host_of, untrusted, verification_error
from crawler.swr.http.network.proxy import Proxy, refusal_of

# The first line whose class matches holds.
_FAILURES: Final[tuple[tuple[type[BaseException], type[RequestError], str], ...]] = (
    (aiohttp.ClientConnectorDNSError, TransientError, "cannot resolve the host name"),
    (aiohttp.ConnectionTimeoutError, TransientError, "no connection within the timeout"),
    (TimeoutError, TransientError, "no response within the timeout"),
    (aiohttp.ClientConnectorError, TransientError, "cannot connect"),
    (aiohttp.ServerDisconnectedError, TransientError, "the connection was closed before a response"),
    (aiohttp.ClientPayloadError, TransientError, "the response is truncated"),
    (aiohttp.ClientResponseError, TransientError, "the response is not valid HTTP"),
    (Exception, TransientError, "the connection failed"),
)


_LARGE_HEAD: Final = ("Got more than", "Too many headers")  # aiohttp has no class of its own for them at this point


def failure_of(error: BaseException, proxy: Proxy | None = None, host: str = "", details: str = "") -> RequestError:
    """Return the error that says what to do after `error`, with the operating system's reason if it gives one.

    `host` is the one that was asked, by `proxy`, if by any, which is named; `details` are those of the certificate that
    is not trusted, the other side's or our own. Nothing else of `error` is shown: aiohttp's own messages quote what the
    server sent.
    """
    untrusted_by = verification_error(error)
    if untrusted_by is not None:
        return untrusted(untrusted_by, host_of(error, host), proxy, details)
    refusal = refusal_of(error, proxy) or client_certificate_error(error, proxy, details)
    if refusal is not None:
        return refusal
    kind, text = next((kind, text) for foreign, kind, text in _FAILURES if isinstance(error, foreign))
    if isinstance(error, aiohttp.ClientResponseError) and error.message.startswith(_LARGE_HEAD):
        text = "the response has too many headers, or too large ones"
    text = text if proxy is None else _through(proxy, error, text)
    reason = getattr(error, "strerror", None) or ""
    text = f"{text} ({printable(reason, str)})" if reason else text
    advice = _advice(error, proxy)
    return kind(ErrorDetails(text=f"{text}; {advice}" if advice else text))


_NO_WAY_OUT: Final = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH})
_WAY_OUT: Final = "if only a proxy leads out of this network, set proxy or HTTPS_PROXY"


def _advice(error: BaseException, proxy: Proxy | None) -> str:
    """Return what to do about a failure besides asking again, "" for nothing."""
    number = error.errno if isinstance(error, OSError) else None
    unreached = isinstance(error, aiohttp.ClientConnectorDNSError | aiohttp.ConnectionTimeoutError)
    if proxy is None and (unreached or number in _NO_WAY_OUT):
        return open_files_advice(number) or _WAY_OUT
    return open_files_advice(number)


def _through(proxy: Proxy, error: BaseException, text: str) -> str:
    """Return the text of a failure on the way through a proxy; only the name of the proxy is resolved here."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"{text} of the proxy {proxy.origin}"
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return f"{text} to the proxy {proxy.origin}"
    return f"{text}, through the proxy {proxy.origin}"


# Twice what browsers show. An international name of n characters takes the square of n to check, of 64 kB many seconds.
_MAX_LOCATION_LENGTH: Final = 4096


def redirect_host(location: str) -> str:
    """Return the host that the header Location of a redirect names; "" when it names none, or is absurdly long."""
    if len(location) > _MAX_LOCATION_LENGTH:
        return ""
    try:
        return URL(location).host or ""
    except ValueError:
        return ""
