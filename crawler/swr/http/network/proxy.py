"""The way of a client's requests: by which proxy, if by any.

The host of an https endpoint is asked for by CONNECT: the proxy sees its name and nothing else. Plain http goes to the
proxy itself, with the whole URL. A proxy is named in every error on the way through it; it is never the service's.

Source: RFC 9110, 9.3.6 (CONNECT), 11.7 (Proxy-Authorization); RFC 9112, 3.2.2 (the whole URL).
"""

import ssl
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from crawler.errors import ErrorDetails, RequestError, RouteError, TransientError

_AUTHORIZATION: Final = "Proxy-Authorization"
_CHALLENGE: Final = "Proxy-Authenticate"
_PASSING: Final = frozenset({408, 425, 429})  # like 5xx: the proxy cannot do it now
_NO_OPTIONS: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True)
class Proxy:
    """An HTTP proxy. `origin` is its scheme, host and port, `credentials` USER:PASSWORD, "" for one without."""

    origin: str
    credentials: str = field(default="", repr=False)

    @property
    def host(self) -> str:
        """Its host, a name or an address."""
        return URL(self.origin).raw_host or ""

    @property
    def secrets(self) -> tuple[str, ...]:
        """The password, and what is sent for it."""
        return tuple(filter(None, (self.credentials.partition(":")[2], self._basic)))

    @property
    def _basic(self) -> str:
        return b64encode(self.credentials.encode()).decode() if self.credentials else ""

    @cached_property
    def options(self) -> Mapping[str, Any]:
        """The arguments of aiohttp for a request through it."""
        return {"proxy": URL(self.origin), "proxy_headers": self.headers}

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """The headers that are for the proxy."""
        return {_AUTHORIZATION: f"Basic {self._basic}"} if self.credentials else {}

    def check(self, response: aiohttp.ClientResponse) -> None:
        """Raise the error of a proxy that answered in place of the service: no service sends a 407."""
        if response.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            raise self.refusal(response.status, response.headers.getall(_CHALLENGE, []))

    def refusal(self, status: int, challenges: list[str]) -> RequestError:
        """Return the error of a proxy that answered for itself, with a status and its Proxy-Authenticate headers.

        It has no status: none of the service's rules for what a status means holds for that of a proxy.
        """
        answered = f"the proxy {self.origin} answered {status} {_phrase(status)}".rstrip()
        if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            return RouteError(ErrorDetails(text=f"{answered}: {self._asked_for(challenges)}"), "proxy_credentials")
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _PASSING:
            return TransientError(ErrorDetails(text=f"{answered}: it cannot reach the host now"))
        advice = "let it pass requests to this host, or except the host from the proxy (NO_PROXY, proxy = none)"
        return RouteError(ErrorDetails(text=f"{answered}: {advice}"), "proxy")

    def _asked_for(self, challenges: list[str]) -> str:
        """Return what a proxy that asks for credentials is to be given."""
        schemes = sorted({known for one in challenges for known in _SCHEMES if known.lower() in one.lower().split()})
        if schemes and "Basic" not in schemes:
            offered = " or ".join(schemes)
            return f"it asks for {offered}, but only Basic is supported; go through a local proxy that knows {offered}"
        if self.credentials:
            return "it refuses the USER:PASSWORD of proxy_credentials or in the proxy's variable; correct them"
        return "it asks for credentials; set proxy and proxy_credentials, or write USER:PASSWORD@ in HTTPS_PROXY"


_SCHEMES: Final = ("Basic", "Digest", "Kerberos", "Negotiate", "NTLM")


class Network(NamedTuple):
    """The proxies of a target: for its API, and for the issuer of its credentials; None for a direct way.

    `tls` has the certificates that are trusted and the one that is shown, None for those that aiohttp trusts;
    `client_certificate` says whose is shown, for people, "" without one.
    """

    api: Proxy | None = None
    issuer: Proxy | None = None
    tls: ssl.SSLContext | None = None
    client_certificate: str = ""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What of the proxies must not be shown."""
        return tuple(secret for proxy in (self.api, self.issuer) if proxy is not None for secret in proxy.secrets)


DIRECT: Final = Network()


def options_of(proxy: Proxy | None) -> Mapping[str, Any]:
    """Return the arguments of aiohttp for a request through a proxy, or for a direct one."""
    return _NO_OPTIONS if proxy is None else proxy.options


def refusal_of(error: BaseException, proxy: Proxy | None) -> RequestError | None:
    """Return the error of a proxy that refused to connect; None for any other failure of a request."""
    if proxy is None or not isinstance(error, aiohttp.ClientHttpProxyError):
        return None
    headers = CIMultiDict(error.headers or {})
    return proxy.refusal(error.status, headers.getall(_CHALLENGE, []))


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in list(HTTPStatus) else ""
