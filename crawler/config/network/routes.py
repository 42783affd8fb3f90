"""The ways of a target's requests: to its API, and to what issues its credentials (pure)."""

from collections.abc import Mapping
from typing import Final

from crawler.config.credentials.methods import (
    IdpMethod,
    MetadataMethod,
    Method,
    OidcMethod,
    PasswordMethod,
    PodIdentityMethod,
)
from crawler.config.credentials.target import Target
from crawler.config.network.proxies import ProxyChoice, choose_proxy

API: Final = "API"
# What issues credentials on the machine itself, or on its link, is asked without a proxy, always: a proxy would ask
# that of its own machine, whose keys are those of somebody else.
_NEAR: Final = ProxyChoice(None, "always")


def routes(target: Target, method: Method | None, environ: Mapping[str, str]) -> dict[str, ProxyChoice]:
    """Return how requests go to each service that a target asks when it authenticates by `method`, None if by none.

    The API is the first, what issues the credentials the second. Raise ConfigError for a variable that names no proxy.
    """
    ways = {API: choose_proxy(target, target.endpoint, environ)}
    if isinstance(method, MetadataMethod):
        ways["metadata service"] = _NEAR
    elif isinstance(method, PodIdentityMethod):
        ways["pod identity agent"] = _NEAR
    elif isinstance(method, OidcMethod):
        ways["STS"] = choose_proxy(target, method.sts_endpoint, environ)
    elif isinstance(method, PasswordMethod | IdpMethod):
        ways["IAM"] = choose_proxy(target, method.iam_endpoint, environ)
    return ways


def issuer_of(method: Method | None) -> str | None:
    """Return the endpoint that issues the credentials of a method, None when nothing does, or without a method."""
    if isinstance(method, MetadataMethod):
        return method.endpoint
    if isinstance(method, PodIdentityMethod):
        return method.url
    if isinstance(method, OidcMethod):
        return method.sts_endpoint
    return method.iam_endpoint if isinstance(method, PasswordMethod | IdpMethod) else None
