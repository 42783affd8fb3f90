"""Which proxy requests to an endpoint go through (pure).

    1  the setting `proxy` of the target      it holds for the API and for IAM, whatever NO_PROXY says
    2  the variable for the endpoint's scheme https_proxy, HTTPS_PROXY; http_proxy, HTTP_PROXY
    3  the variable for every scheme          all_proxy, ALL_PROXY

As in curl, small letters win over capitals, an empty variable is none, a proxy without a scheme is http, and
`no_proxy`, else NO_PROXY, names the hosts that 2 and 3 are not for. There are two differences:

- HTTP_PROXY in capitals counts, unless REQUEST_METHOD is set. Curl never reads it, because a web server gives its CGI
  programs the header `Proxy` of any client by this name (httpoxy, CVE-2016-5385); REQUEST_METHOD tells such a program.
- A proxy of the environment is not asked for localhost, 127.0.0.0/8 and ::1, as in Go: its localhost is another one.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit

from crawler.config.credentials.target import Target
from crawler.config.network.no_proxy import is_excluded
from crawler.config.settings.origin import NO_PROXY_WORD, is_loopback, proxy_origin
from crawler.config.settings.secret_ref import SecretRef
from crawler.errors import ConfigError

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_CGI: Final = "REQUEST_METHOD"


class ProxyChoice(NamedTuple):
    """How requests to an endpoint go: by `proxy`, an origin, or directly when it is None.

    `origin` is the place where that was written, as in `config show`. `credentials` is where USER:PASSWORD of the proxy
    is, None for a proxy without; with `in_url` it is the variable that holds the whole URL of the proxy.
    """

    proxy: str | None
    origin: str
    credentials: SecretRef | None = None
    in_url: bool = False


def choose_proxy(target: Target, endpoint: str, environ: Mapping[str, str]) -> ProxyChoice:
    """Return how the requests of a target to `endpoint`, an origin, go.

    Raise ConfigError for a variable that names no HTTP proxy; the message holds nothing of its value.
    """
    if target.proxy is None:
        return _by_environment(endpoint, environ)
    proxy = None if target.proxy == NO_PROXY_WORD else target.proxy
    return ProxyChoice(proxy, target.origin_of("proxy"), target.proxy_credentials)


def credentials_in_url(url: str) -> str:
    """Return USER:PASSWORD of a proxy's URL, decoded; "" for a URL without."""
    user, _, password = _split(url)[1].partition(":")
    return f"{unquote(user)}:{unquote(password)}" if user or password else ""


def _by_environment(endpoint: str, environ: Mapping[str, str]) -> ProxyChoice:
    parts = urlsplit(endpoint)
    variable = _first_set(environ, *_variables(parts.scheme, environ))
    if not variable:
        return ProxyChoice(None, "default")
    if is_loopback(endpoint):
        return ProxyChoice(None, "this machine")
    exclusion = _first_set(environ, "no_proxy", "NO_PROXY")
    port = parts.port or _DEFAULT_PORTS[parts.scheme]
    if exclusion and is_excluded(parts.hostname or "", port, environ[exclusion]):
        return ProxyChoice(None, f"environment {exclusion}")
    reference = SecretRef("env", variable) if credentials_in_url(environ[variable]) else None
    return ProxyChoice(_origin_in(variable, environ[variable]), f"environment {variable}", reference, in_url=True)


def _variables(scheme: str, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the variables for the proxy of a scheme, the first one first."""
    capitals = () if scheme == "http" and _CGI in environ else (f"{scheme.upper()}_PROXY",)
    return f"{scheme}_proxy", *capitals, "all_proxy", "ALL_PROXY"


def _first_set(environ: Mapping[str, str], *names: str) -> str:
    return next((name for name in names if environ.get(name)), "")


def _origin_in(variable: str, url: str) -> str:
    """Return the origin of the proxy that a variable names. Raise ConfigError when it names none."""
    scheme, _, host = _split(url)
    instead = f"or set proxy to {NO_PROXY_WORD} to go without one"
    if scheme.lower().startswith("socks"):
        raise ConfigError(
            f"{variable}: names a SOCKS proxy, which is not supported; set it to an HTTP proxy, {instead}",
            setting=variable,
        )
    found = proxy_origin(f"{scheme.lower()}://{host.partition('/')[0]}")
    if found is None:
        raise ConfigError(
            f"{variable}: names no HTTP proxy; write http://HOST:PORT, with USER:PASSWORD@ before HOST if it asks for"
            f" credentials, {instead}",
            setting=variable,
        )
    return found


def _split(url: str) -> tuple[str, str, str]:
    """Return scheme, user information, and host with what follows; a password may hold any character."""
    scheme, _, rest = url.strip().partition("://") if "://" in url else ("http", "", url.strip())
    user, _, host = rest.rpartition("@")
    return scheme, user, host
