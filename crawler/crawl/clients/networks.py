"""Makes the network of each target from its configuration: its proxies, with their credentials."""

from collections.abc import Mapping

from crawler.config.credentials.methods import Method
from crawler.config.credentials.secrets import nothing_stored, read_secret
from crawler.config.credentials.target import Target
from crawler.config.network.proxies import ProxyChoice, credentials_in_url
from crawler.config.network.routes import API, IAM, routes
from crawler.errors import CredentialsError
from crawler.swr.http.network import Network, Proxy


def network_of(target: Target, method: Method, environ: Mapping[str, str]) -> Network:
    """Return the network of a target that authenticates by `method`.

    Raise ConfigError for a variable that names no proxy, CredentialsError when the proxy's secret cannot be read.
    """
    ways = routes(target, method, environ)
    return Network(api=_proxy(ways[API], environ), issuer=_proxy(ways.get(IAM), environ))


def _proxy(choice: ProxyChoice | None, environ: Mapping[str, str]) -> Proxy | None:
    if choice is None or choice.proxy is None:
        return None
    if choice.credentials is None:
        return Proxy(choice.proxy)
    secret = read_secret(choice.credentials, environ, nothing_stored)
    if choice.in_url:
        return Proxy(choice.proxy, credentials_in_url(secret))
    if ":" not in secret:
        raise CredentialsError(f"{choice.credentials}: is not USER:PASSWORD of the proxy; put both there")
    return Proxy(choice.proxy, secret)
