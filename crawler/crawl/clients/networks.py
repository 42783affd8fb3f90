"""Makes the network of each target from its configuration: proxies with their credentials, and certificates."""

from collections.abc import Mapping

from crawler.config.credentials.methods import Method
from crawler.config.credentials.secrets import nothing_stored, read_secret
from crawler.config.credentials.target import Target
from crawler.config.network.proxies import ProxyChoice, credentials_in_url
from crawler.config.network.routes import API, routes
from crawler.crawl.clients.tls_context import LoadedTls, tls_context
from crawler.crawl.clients.tls_files import TlsFiles, tls_files
from crawler.errors import CredentialsError
from crawler.swr.http.network.proxy import Network, Proxy


class Networks:
    """Makes the networks of a run's targets. Targets with the same files of TLS share what is made of them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._loaded: dict[TlsFiles, LoadedTls] = {}

    def of(self, target: Target, method: Method) -> Network:
        """Return the network of a target that authenticates by `method`.

        Raise ConfigError for a variable that names no proxy and for a file that is none of TLS, CredentialsError when
        the secret of the proxy, or of a key, cannot be read.
        """
        ways = routes(target, method, self._environ)
        api = _proxy(ways.pop(API), self._environ)
        issuer = next((_proxy(way, self._environ) for way in ways.values()), None)
        loaded = self._tls(target, method)
        return Network(api, issuer) if loaded is None else Network(api, issuer, *loaded)

    def _tls(self, target: Target, method: Method) -> LoadedTls | None:
        files = tls_files(target, method, self._environ)
        if files is not None and files not in self._loaded:
            self._loaded[files] = tls_context(files, self._environ)
        return self._loaded[files] if files else None


def _proxy(choice: ProxyChoice, environ: Mapping[str, str]) -> Proxy | None:
    if choice.proxy is None:
        return None
    if choice.credentials is None:
        return Proxy(choice.proxy)
    secret = read_secret(choice.credentials, environ, nothing_stored)
    if choice.in_url:
        return Proxy(choice.proxy, credentials_in_url(secret))
    if ":" not in secret:
        raise CredentialsError(f"{choice.credentials}: is not USER:PASSWORD of the proxy; put both there")
    return Proxy(choice.proxy, secret)
