"""Makes usable credentials from the configuration of each target: it reads their secrets.

networks.py reads those of its proxies, workload_factories.py the identity tokens.
"""

import secrets
from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

from crawler.config.config import Config, require_endpoint
from crawler.config.credentials.choice import choose_method
from crawler.config.credentials.methods import (
    AccessKeyMethod,
    MetadataMethod,
    Method,
    PasswordMethod,
    TokenMethod,
    secret_refs,
)
from crawler.config.credentials.secrets import Stored, read_header, read_secret, read_tool_file, warn_of_exposed
from crawler.config.credentials.stored import StoredSecrets
from crawler.config.credentials.tool_files.documents import ToolFiles
from crawler.crawl.clients.networks import Networks
from crawler.model.caller import Caller
from crawler.model.clock import Clock
from crawler.swr.auth.credentials import AccessKeyCredentials, Credentials, TokenCredentials
from crawler.swr.auth.metadata import MetadataCredentials
from crawler.swr.auth.password import PasswordCredentials, PasswordLogin
from crawler.swr.auth.signing import AccessKey
from crawler.swr.http.client import Client
from crawler.swr.http.network.proxy import DIRECT, Network


class CredentialFactory(NamedTuple):
    """What `make` makes the credentials of a target from its client and a clock, and who asks by them.

    `make` is a closure: printing it shows no secret. `metadata_endpoint` is the origin that knows the machine of the
    `caller`, None for a caller of whom all is known already. `network` is the way of their requests.
    """

    make: Callable[[Client, Clock], Credentials]
    caller: Caller
    metadata_endpoint: str | None = None
    network: Network = DIRECT


def credential_factories(config: Config, environ: Mapping[str, str]) -> dict[str, CredentialFactory]:
    """Return what makes the credentials of each target, by the target's name; its secrets are read already, each once.

    Raises ConfigError without a target, for a method of which one half is missing, for a variable that names no proxy
    and for a file that holds no certificates, CredentialsError when a target has no method or a secret cannot be read.
    """
    require_endpoint(config)
    files = ToolFiles(read_tool_file)
    methods = {target.name: choose_method(target, environ, files).method for target in config.targets}
    stored = {target.name: StoredSecrets(target, environ, files) for target in config.targets}
    places = {stored[name].path(ref) for name, method in methods.items() for _, ref in secret_refs(method)}
    for path in sorted(filter(None, places)):
        warn_of_exposed(path)
    networks = Networks(environ)
    factories = {name: _factory(method, environ, stored[name].text) for name, method in methods.items()}
    return {
        one.name: factories[one.name]._replace(network=networks.of(one, methods[one.name])) for one in config.targets
    }


def _factory(method: Method, environ: Mapping[str, str], stored: Stored) -> CredentialFactory:
    caller = partial(Caller, method=method.auth, salt=secrets.token_hex(16))
    if isinstance(method, TokenMethod):
        token = read_header(method.token, environ, stored)
        ready = TokenCredentials(token)
        return CredentialFactory(lambda _client, _clock: ready, caller(names={}, secret=token))
    if isinstance(method, PasswordMethod):
        login, iam = _login(method, environ, stored), method.iam_endpoint
        names = {**_names_of(login), "IAM service": iam}
        return CredentialFactory(
            lambda client, clock: PasswordCredentials(login, iam, client.send, clock.utc), caller(names=names)
        )
    project = {"project": method.project_id} if method.project_id else {}
    if isinstance(method, AccessKeyMethod):
        key = _access_key(method, environ, stored)
        return CredentialFactory(
            lambda _client, clock: AccessKeyCredentials(key, clock.utc), caller(names=project, secret=key.ak)
        )
    if isinstance(method, MetadataMethod):
        endpoint, project_id = method.endpoint, method.project_id
        return CredentialFactory(
            lambda client, clock: MetadataCredentials(endpoint, project_id, client.send, clock.utc),
            caller(names=project),
            endpoint,
        )
    from crawler.crawl.clients.workload_factories import workload_factory  # noqa: PLC0415 - few runs need it

    make, names, secret = workload_factory(method, environ)
    return CredentialFactory(make, caller(names={**names, **project}, secret=secret))


def _access_key(method: AccessKeyMethod, environ: Mapping[str, str], stored: Stored) -> AccessKey:
    token = method.security_token
    return AccessKey(
        read_header(method.access_key, environ, stored),
        read_header(method.secret_key, environ, stored),
        None if token is None else read_header(token, environ, stored),
        method.project_id,
    )


def _login(method: PasswordMethod, environ: Mapping[str, str], stored: Stored) -> PasswordLogin:
    password = read_secret(method.password, environ, stored)
    return PasswordLogin(method.user, method.account, password, method.project, method.project_account)


def _names_of(login: PasswordLogin) -> dict[str, str]:
    """Return what names the caller: a name and an id are never the same, whatever their text is."""
    user, account, _, project, project_account = login
    named = {"account": account, "user": user, "account of the project": project_account}
    names = {f"{what} id" if ref.key == "id" else what: ref.value for what, ref in named.items() if ref is not None}
    return {**names, "project": project.value if project.key == "id" else f"named {project.value}"}
