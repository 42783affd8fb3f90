"""A temporary access key: how one is read from the response of its issuer, renewed, and used.

Source: docs/reference/swr-api.md#metadata-service (the names of its fields), #temporary-key-refresh.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import ClassVar, Final

from crawler.errors import CredentialsError
from crawler.swr.auth.issued_secrets import IssuedSecrets
from crawler.swr.auth.issuer import can_be_sent, first_text, json_object, lifetime
from crawler.swr.auth.refreshing_grant import Grant, RefreshingGrant
from crawler.swr.auth.signing import AccessKey, Signable, sign
from crawler.swr.response import Response

_REFRESH_MARGIN: Final = timedelta(minutes=40)  # the official client's (swr-api.md#temporary-key-refresh)
_ACCESS_KEY: Final = ("access", "accessKeyId", "access_key_id")
_SECRET_KEY: Final = ("secret", "secretAccessKey", "secret_access_key")
_SECURITY_TOKEN: Final = ("securitytoken", "securityToken", "security_token")


class TemporaryKeyCredentials(ABC):
    """A signature by a temporary access key, which `_fetch` gets from its issuer.

    `project_id` is the project of the requests, None for the region's own; `now` returns the time, with time zone.
    """

    locks_on_failure: ClassVar = False  # the next key replaces a refused one

    def __init__(self, project_id: str | None, now: Callable[[], datetime]) -> None:
        self._project_id = project_id
        self._now = now
        self._key = RefreshingGrant(self._fetch, _REFRESH_MARGIN, now)
        self._secrets = IssuedSecrets()

    @property
    def generation(self) -> int:
        """The number of keys fetched."""
        return self._key.generation

    @property
    def secrets(self) -> tuple[str, ...]:
        """What the last keys sign with, and the tokens that they were fetched with."""
        return self._secrets.all()

    async def headers(self, request: Callable[[], Signable]) -> Mapping[str, str]:
        """Return the headers of the signature; fetch the key first if necessary.

        Raises CredentialsError when the issuer has no key to give, and whatever else `_fetch` raises.
        """
        return sign(request(), await self._key.get(), at=self._now())

    async def renew(self, generation: int) -> bool:
        """Return True after fetching a new key, once for all requests that the same key was refused for."""
        return await self._key.renew(generation)

    @abstractmethod
    async def _fetch(self) -> Grant[AccessKey]:
        """Return a new key. Raise CredentialsError when its issuer refuses, TransientError when it is unavailable."""

    def _grant(self, response: Response, issuer: str, fix: str) -> Grant[AccessKey]:
        """Return the key in the response of `issuer`.

        Raise CredentialsError when there is none that can be sent; `fix` says what to check then.
        """
        content = json_object(response.body)
        fields = content.get("credential") or content.get("credentials") or content
        pair = first_text(fields, *_ACCESS_KEY), first_text(fields, *_SECRET_KEY)
        token = first_text(fields, *_SECURITY_TOKEN) or None
        if not all(pair) or not all(map(can_be_sent, (*pair, token or ""))):
            raise CredentialsError(f"{issuer} returned no key; {fix}")
        key = AccessKey(*pair, security_token=token, project_id=self._project_id)
        self._secrets.add(*key.secrets)
        return Grant(key, lifetime(response, fields, "expires_at", "expiration", now=self._now()))
