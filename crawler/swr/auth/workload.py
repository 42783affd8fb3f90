"""Temporary access keys for a workload, which proves who it is by an identity token.

    class                   asks
    ----------------------  -----------------------------------------------------------------------------
    OidcCredentials         STS for keys of an agency
    FederatedCredentials    IAM for a token of the identity provider's user, and with that for keys of it
    PodIdentityCredentials  the agent on the node for keys of the agency of this pod

The identity token is read anew for each key: it lives for minutes or hours, and its file is replaced meanwhile.

Source: docs/reference/swr-api.md#oidc-exchange, #federation-exchange, #pod-identity.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

import orjson

from crawler.errors import CredentialsError, RefusedError, RouteError
from crawler.swr.auth.identity_token import IdentityToken
from crawler.swr.auth.issuer import Send, can_be_sent, raise_for_refusal
from crawler.swr.auth.refreshing_grant import Grant
from crawler.swr.auth.signing import AccessKey
from crawler.swr.auth.temporary_key import TemporaryKeyCredentials
from crawler.swr.response import Response

_JSON: Final = {"Content-Type": "application/json;charset=UTF-8"}
_FEDERATED_KEY_S: Final = 21_600  # six hours, as the official client asks for


class OidcSession(NamedTuple):
    """The agency to assume, the provider that vouches for it, and the session (swr-api.md#oidc-exchange)."""

    provider_urn: str
    agency_urn: str
    session_name: str
    duration_s: int
    policy: str | None = None
    policy_ids: tuple[str, ...] = ()

    def body(self, token: str) -> bytes:
        """Return the body of the request for keys."""
        fields: dict[str, Any] = {
            "provider_urn": self.provider_urn,
            "agency_urn": self.agency_urn,
            "agency_session_name": self.session_name,
            "id_token": token,
            "duration_seconds": self.duration_s,
        }
        if self.policy:
            fields["policy"] = self.policy
        if self.policy_ids:
            fields["policy_ids"] = list(self.policy_ids)
        return orjson.dumps(fields)


class _WorkloadCredentials(TemporaryKeyCredentials):
    """A temporary key that `issuer`, in words, gives for an identity token."""

    def __init__(
        self, issuer: str, token: IdentityToken, project_id: str | None, send: Send, now: Callable[[], datetime]
    ) -> None:
        super().__init__(project_id, now)
        self._issuer = issuer
        self._token = token
        self._send = send

    def _read_token(self) -> str:
        """Return the identity token; from now on no response is shown with it."""
        token = self._token.read()
        self._secrets.add(token)
        return token

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes, wanted: str, fix: str) -> Response:
        """Return the response to a request for `wanted`. Raise CredentialsError when it is refused.

        A redirect is a refusal, too: the token goes to nobody else.
        """
        try:
            response = await self._send("POST", url, headers, body)
        except RouteError:
            raise
        except RefusedError as error:
            raise CredentialsError(f"{self._issuer} gave no {wanted}: {error.details}") from None
        raise_for_refusal(response, self._issuer, f"{wanted} for the identity token in {self._token.place}", fix)
        return response


class OidcCredentials(_WorkloadCredentials):
    """Keys of an agency. `sts_endpoint` is an origin; `now` returns the time, with time zone."""

    def __init__(
        self,
        session: OidcSession,
        sts_endpoint: str,
        token: IdentityToken,
        project_id: str | None,
        send: Send,
        now: Callable[[], datetime],
    ) -> None:
        super().__init__(f"STS at {sts_endpoint}", token, project_id, send, now)
        self._session = session
        self._url = f"{sts_endpoint}/v5/agencies/assume-with-oidc"

    async def _fetch(self) -> Grant[AccessKey]:
        wanted = f"temporary keys of agency {self._session.agency_urn}"
        fix = "check the token, the identity provider and whom the agency trusts"
        response = await self._post(self._url, _JSON, self._session.body(self._read_token()), wanted, fix)
        return self._grant(response, self._issuer, "check sts_endpoint")


class FederatedCredentials(_WorkloadCredentials):
    """Keys of a user of an identity provider. `iam_endpoint` is an origin; `now` returns the time, with time zone."""

    def __init__(
        self,
        idp_id: str,
        iam_endpoint: str,
        token: IdentityToken,
        project_id: str | None,
        send: Send,
        now: Callable[[], datetime],
    ) -> None:
        super().__init__(f"IAM at {iam_endpoint}", token, project_id, send, now)
        self._idp_id = idp_id
        self._iam_endpoint = iam_endpoint
        self._unused = ""  # a token of IAM that no keys were given for yet

    async def _fetch(self) -> Grant[AccessKey]:
        # When IAM was too busy to give keys, it is asked for them again, and not for another token.
        token = self._unused = self._unused or await self._federated_token()
        identity = {"methods": ["token"], "token": {"id": token, "duration_seconds": _FEDERATED_KEY_S}}
        url, body = f"{self._iam_endpoint}/v3.0/OS-CREDENTIAL/securitytokens", {"auth": {"identity": identity}}
        fix = "check what users of the identity provider may do"
        response = await self._post(url, _JSON, orjson.dumps(body), "temporary keys", fix)
        self._unused = ""
        return self._grant(response, self._issuer, "check iam_endpoint")

    async def _federated_token(self) -> str:
        """Return the token of IAM for the identity token."""
        url, headers = f"{self._iam_endpoint}/v3.0/OS-AUTH/id-token/tokens", {"X-Idp-Id": self._idp_id, **_JSON}
        body = orjson.dumps({"auth": {"id_token": {"id": self._read_token()}}})
        wanted, fix = f"a token of identity provider {self._idp_id}", "check the token and the identity provider"
        response = await self._post(url, headers, body, wanted, fix)
        token = response.headers.get("X-Subject-Token", "")
        if not token or not can_be_sent(token):
            raise CredentialsError(f"the response of {self._issuer} holds no token; check iam_endpoint")
        self._secrets.add(token)
        return token


class PodIdentityCredentials(_WorkloadCredentials):
    """Keys of the agency of a pod. `url` is that of the agent; `now` returns the time, with time zone."""

    def __init__(
        self, url: str, token: IdentityToken, project_id: str | None, send: Send, now: Callable[[], datetime]
    ) -> None:
        super().__init__(f"the pod identity agent at {url}", token, project_id, send, now)
        self._url = url

    async def _fetch(self) -> Grant[AccessKey]:
        headers = {"Authorization": self._read_token(), **_JSON}
        fix = "check that the service account of this pod is associated with an agency"
        response = await self._post(self._url, headers, b"{}", "temporary keys", fix)
        return self._grant(response, self._issuer, fix)
