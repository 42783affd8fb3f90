"""From what the configuration says of credentials to credentials that can be used: the secrets are read here."""

from collections.abc import Callable, Mapping
from pathlib import Path

from crawler.config.config import Config, require_endpoint
from crawler.config.credentials.choice import choose_method
from crawler.config.credentials.methods import AccessKeyMethod, Method, PasswordMethod, TokenMethod
from crawler.config.credentials.secrets import read_header, read_profile, read_secret
from crawler.config.credentials.target import Target
from crawler.errors import CredentialsError
from crawler.model.clock import Clock
from crawler.swr.auth.credentials import AccessKeyCredentials, Credentials, TokenCredentials
from crawler.swr.auth.metadata import MetadataCredentials
from crawler.swr.auth.password import PasswordCredentials, PasswordLogin
from crawler.swr.auth.signing import AccessKey
from crawler.swr.http.client import Client

CredentialFactory = Callable[[Client, Clock], Credentials]  # a closure: nothing that is printed shows what it holds


def credential_factories(config: Config, environ: Mapping[str, str]) -> dict[str, CredentialFactory]:
    """Choose each target's method and read its secrets; give what makes its credentials, by the target's name.

    Raises ConfigError without a target or for a method that is half given, CredentialsError when there is none or
    a secret can't be read.
    """
    require_endpoint(config)
    return {target.name: _keys_of(target, environ) for target in config.targets}


def profile_of(target: Target, environ: Mapping[str, str]) -> str | None:
    """Read the credentials file when nothing before it gives a method: one that is not needed may be anyhow.

    Raises ConfigError and CredentialsError as `choose_method` does, but for there being no method at all.
    """
    try:
        choose_method(target, environ, None)
    except CredentialsError:
        return read_profile(Path(target.credentials_file).expanduser())
    return None


def _keys_of(target: Target, environ: Mapping[str, str]) -> CredentialFactory:
    profile = profile_of(target, environ)
    return _keys(choose_method(target, environ, profile).method, environ, profile)


def _keys(method: Method, environ: Mapping[str, str], profile: str | None) -> CredentialFactory:
    if isinstance(method, TokenMethod):
        token = TokenCredentials(read_header(method.token, environ, profile))
        return lambda _client, _clock: token
    if isinstance(method, AccessKeyMethod):
        key = _access_key(method, environ, profile)
        return lambda _client, clock: AccessKeyCredentials(key, clock.utc)
    if isinstance(method, PasswordMethod):
        login, iam = _login(method, environ, profile), method.iam_endpoint
        return lambda client, clock: PasswordCredentials(login, iam, client.send, clock.utc)
    endpoint, project_id = method.endpoint, method.project_id
    return lambda client, clock: MetadataCredentials(endpoint, project_id, client.send, clock.utc)


def _access_key(method: AccessKeyMethod, environ: Mapping[str, str], profile: str | None) -> AccessKey:
    token = method.security_token
    return AccessKey(
        read_header(method.access_key, environ, profile),
        read_header(method.secret_key, environ, profile),
        None if token is None else read_header(token, environ, profile),
        method.project_id,
    )


def _login(method: PasswordMethod, environ: Mapping[str, str], profile: str | None) -> PasswordLogin:
    project = {"id": method.project_id} if method.project_id else {"name": method.project or ""}
    return PasswordLogin(method.user, method.account, read_secret(method.password, environ, profile), project)
