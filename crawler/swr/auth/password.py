"""Tokens from IAM for a user's password: valid for 24 hours, renewed before they expire and after a refusal.

Source: docs/reference/swr-api.md#token-request, #token-response, #token-lifetime, #token-scope.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, NamedTuple

import orjson

from crawler.errors import CredentialsError
from crawler.swr.auth.iam_ref import IamRef
from crawler.swr.auth.issued_secrets import IssuedSecrets
from crawler.swr.auth.issuer import Send, can_be_sent, json_object, lifetime, raise_for_refusal
from crawler.swr.auth.refreshing_grant import Grant, RefreshingGrant
from crawler.swr.auth.signing import Signable

_REFRESH_MARGIN: Final = timedelta(minutes=10)
_JSON: Final = {"Content-Type": "application/json;charset=utf8"}


class PasswordLogin(NamedTuple):
    """A user of an account, and the project that the token is for (swr-api.md#token-request, #token-scope).

    A user that is named by id needs no `account`; a project without `project_account` is of the user's account.
    """

    user: IamRef
    account: IamRef | None
    password: str
    project: IamRef
    project_account: IamRef | None = None

    def body(self) -> bytes:
        """Return the body of the token request."""
        user = {**self.user.to_json(), "password": self.password, **_domain(self.account)}
        project = {**self.project.to_json(), **_domain(self.project_account)}
        identity = {"methods": ["password"], "password": {"user": user}}
        return orjson.dumps({"auth": {"identity": identity, "scope": {"project": project}}})

    def __str__(self) -> str:
        """Return the user and the account in words, without the password."""
        return f"user {self.user}" + ("" if self.account is None else f" of account {self.account}")

    def __repr__(self) -> str:
        """Return the same: a repr must not show the password either."""
        return f"{type(self).__name__}({self})"


class PasswordCredentials:
    """A token from IAM. `iam_endpoint` is an origin; `now` returns the time, with time zone."""

    locks_on_failure: ClassVar = False

    def __init__(self, login: PasswordLogin, iam_endpoint: str, send: Send, now: Callable[[], datetime]) -> None:
        self._login = login
        self._issuer = f"IAM at {iam_endpoint}"
        self._url = f"{iam_endpoint}/v3/auth/tokens?nocatalog=true"
        self._send = send
        self._now = now
        self._token = RefreshingGrant(self._fetch, _REFRESH_MARGIN, now)
        self._secrets = IssuedSecrets(login.password)

    @property
    def generation(self) -> int:
        """The number of tokens fetched."""
        return self._token.generation

    @property
    def secrets(self) -> tuple[str, ...]:
        """The password, and the last tokens."""
        return self._secrets.all()

    async def headers(self, request: Callable[[], Signable]) -> Mapping[str, str]:  # noqa: ARG002 - any request
        """Return the token header; fetch the token first if necessary.

        Raises CredentialsError when IAM refuses, TransientError when it is unavailable.
        """
        return {"X-Auth-Token": await self._token.get()}

    async def renew(self, generation: int) -> bool:
        """Return True after fetching a new token, once for all requests that the same token was refused for."""
        return await self._token.renew(generation)

    async def _fetch(self) -> Grant[str]:
        response = await self._send("POST", self._url, _JSON, self._login.body())
        raise_for_refusal(response, self._issuer, f"a token for {self._login}")
        token = response.headers.get("X-Subject-Token", "")
        if not token or not can_be_sent(token):
            raise CredentialsError(f"the response of {self._issuer} holds no token; check iam_endpoint")
        self._secrets.add(token)
        return Grant(token, lifetime(response, json_object(response.body).get("token"), "expires_at", now=self._now()))


def _domain(account: IamRef | None) -> dict[str, Any]:
    return {} if account is None else {"domain": account.to_json()}
