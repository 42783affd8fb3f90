"""Makes the credentials of a workload: reads its identity token, and says who it is."""

import hashlib
from collections.abc import Callable, Mapping

from crawler.config.credentials.methods import IdpMethod, OidcMethod, PodIdentityMethod, WorkloadMethod
from crawler.config.credentials.secrets import nothing_stored, read_header
from crawler.errors import CredentialsError
from crawler.model.clock import Clock
from crawler.swr.auth.credentials import Credentials
from crawler.swr.auth.identity_token import IdentityToken, service_account_of, subject_of
from crawler.swr.auth.workload import FederatedCredentials, OidcCredentials, OidcSession, PodIdentityCredentials
from crawler.swr.http.client import Client


def workload_factory(
    method: WorkloadMethod, environ: Mapping[str, str]
) -> tuple[Callable[[Client, Clock], Credentials], dict[str, str], str]:
    """Return what makes the credentials of a method, what names its caller, and what else tells it from others.

    Raise CredentialsError when the identity token cannot be read.
    """
    token = identity_token(method, environ)
    return workload_credentials(method, token), *names_of(method, token.read())


def identity_token(method: WorkloadMethod, environ: Mapping[str, str]) -> IdentityToken:
    """Return the identity token of a method; its file is read anew whenever the token is needed."""
    reference, setting = method.id_token, method.token_setting
    place = str(reference) if reference.kind == "env" else f"{setting} ({reference.name})"

    def read() -> str:
        try:
            return read_header(reference, environ, nothing_stored)
        except CredentialsError as error:
            raise CredentialsError(str(error) if reference.kind == "env" else f"{setting}: {error}") from None

    return IdentityToken(read, place)


def workload_credentials(method: WorkloadMethod, token: IdentityToken) -> Callable[[Client, Clock], Credentials]:
    """Return what makes the credentials of a method from a client and a clock."""
    project_id = method.project_id
    if isinstance(method, PodIdentityMethod):
        url = method.url
        return lambda client, clock: PodIdentityCredentials(url, token, project_id, client.send, clock.utc)
    if isinstance(method, IdpMethod):
        idp, iam = method.idp_id, method.iam_endpoint
        return lambda client, clock: FederatedCredentials(idp, iam, token, project_id, client.send, clock.utc)
    session, sts = _session(method), method.sts_endpoint
    return lambda client, clock: OidcCredentials(session, sts, token, project_id, client.send, clock.utc)


def names_of(method: WorkloadMethod, token: str) -> tuple[dict[str, str], str]:
    """Return what names the caller, and what else tells it from others: "" if the names do.

    A token that does not say whose it is tells one caller from another only by itself.
    """
    subject = service_account_of(token) if isinstance(method, PodIdentityMethod) else subject_of(token)
    secret = "" if subject else token
    if isinstance(method, OidcMethod):
        limits = {"session policy": _digest(method)} if method.policy or method.policy_ids else {}
        named = {"agency": method.agency_urn, "identity provider": method.provider_urn, **limits}
        return {**named, **subject}, secret
    if isinstance(method, IdpMethod):
        return {"identity provider": method.idp_id, "IAM service": method.iam_endpoint, **subject}, secret
    return subject, secret


def _session(method: OidcMethod) -> OidcSession:
    return OidcSession(
        provider_urn=method.provider_urn,
        agency_urn=method.agency_urn,
        session_name=method.session_name,
        duration_s=method.duration_s,
        policy=method.policy,
        policy_ids=method.policy_ids,
    )


def _digest(method: OidcMethod) -> str:
    """Return a digest of what limits the permissions of the session: a policy can be long, and is no secret."""
    limits = "\n".join((method.policy or "", *method.policy_ids))
    return hashlib.sha256(limits.encode()).hexdigest()
