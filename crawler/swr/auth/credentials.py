"""The credentials of a request: what they have to offer, and the two kinds that come ready from the configuration.

    class                    proves itself with                     `renew` fetches
    -----------------------  -------------------------------------  ------------------
    TokenCredentials         a token                                nothing
    AccessKeyCredentials     a signature by a permanent access key  nothing
    PasswordCredentials      a token from IAM (password.py)         another token
    TemporaryKeyCredentials  a signature by a temporary access key  another access key
                             (temporary_key.py): of this machine
                             (metadata.py), or for an identity
                             token (workload.py)

Source: docs/reference/swr-api.md#auth-methods, #key-lockout (why a refused access key is not used again).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol

from crawler.swr.auth.signing import AccessKey, Signable, sign


class Credentials(Protocol):
    """The headers that authenticate a request, and how to renew them.

    `generation` counts renewals. If `locks_on_failure`, a few refused requests lock the credentials, so only one
    request may be sent until they are known to be accepted.
    """

    @property
    def generation(self) -> int:
        """The number of times these credentials were fetched or renewed; 0 if they never are."""
        ...

    @property
    def locks_on_failure(self) -> bool:
        """Whether a few refused requests lock these credentials."""
        ...

    @property
    def secrets(self) -> Sequence[str]:
        """The secrets that these credentials have, and had until lately, for masking; an access key's id is none."""
        ...

    async def headers(self, request: Callable[[], Signable]) -> Mapping[str, str]:
        """Return the headers to add. Only credentials that sign call `request`.

        Raises CredentialsError when there are no credentials, TransientError when their issuer is unavailable.
        """
        ...

    async def renew(self, generation: int) -> bool:
        """Return whether there are newer credentials to try, after those of `generation` were refused.

        Raises CredentialsError and TransientError as `headers` does.
        """
        ...


class TokenCredentials:
    """A token from the configuration; "" stands for no token. It cannot be renewed."""

    generation: Final = 0
    locks_on_failure: Final = False

    def __init__(self, token: str) -> None:
        self._headers = {"X-Auth-Token": token} if token else {}
        self.secrets = (token,)

    async def headers(self, request: Callable[[], Signable]) -> Mapping[str, str]:  # noqa: ARG002 - any request
        """Return the token header."""
        return self._headers

    async def renew(self, generation: int) -> bool:  # noqa: ARG002 - there is one generation
        """Return False: there is no other token."""
        return False


class AccessKeyCredentials:
    """A permanent access key: it signs each request and cannot be renewed. `now` returns the time, with time zone."""

    generation: Final = 0
    locks_on_failure: Final = True  # five refused signatures lock it for five minutes (swr-api.md#key-lockout)

    def __init__(self, key: AccessKey, now: Callable[[], datetime]) -> None:
        self._key = key
        self._now = now
        self.secrets = key.secrets

    async def headers(self, request: Callable[[], Signable]) -> Mapping[str, str]:
        """Return the headers of the signature."""
        return sign(request(), self._key, at=self._now())

    async def renew(self, generation: int) -> bool:  # noqa: ARG002 - there is one generation
        """Return False: there is no other access key."""
        return False
