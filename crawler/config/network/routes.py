"""The ways of a target's requests: to its API, and to what issues its credentials (pure)."""

from collections.abc import Mapping
from typing import Final

from crawler.config.credentials.methods import MetadataMethod, Method, PasswordMethod
from crawler.config.credentials.target import Target
from crawler.config.network.proxies import ProxyChoice, choose_proxy

API: Final = "API"
IAM: Final = "IAM"


def routes(target: Target, method: Method | None, environ: Mapping[str, str]) -> dict[str, ProxyChoice]:
    """Return how requests go to each service that a target asks when it authenticates by `method`, None if by none.

    The metadata service of a machine is asked without a proxy, always: a proxy would ask that of its own machine, whose
    keys are those of somebody else. Raise ConfigError for a variable that names no proxy.
    """
    ways = {API: choose_proxy(target, target.endpoint, environ)}
    if isinstance(method, PasswordMethod):
        ways[IAM] = choose_proxy(target, method.iam_endpoint, environ)
    elif isinstance(method, MetadataMethod):
        ways["metadata service"] = ProxyChoice(None, "always")
    return ways
