"""What a request is signed or stamped with: fetched where it must be, renewed before it ends, once for all.

Source: FACTS 3.1 (tokens), 3.2 (signatures), 3.3 (temporary keys), 4.2 (refusals).
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final, Generic, NamedTuple, Protocol, TypeVar

import anyio
import orjson

from crawler.errors import CredentialsError, TransientError
from crawler.swr.auth.signing import AccessKey, Signable, sign
from crawler.swr.response import Response, error_of


class Send(Protocol):
    """Sends one request and gives its answer; raises a RequestError when none can be had."""

    async def __call__(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Response:
        """Send."""
        ...


class Credentials(Protocol):
    """What is needed on a request, and how to get more of it.

    `generation` counts how often it was renewed. `locks_on_failure` credentials are locked by a few failures, so that
    nobody may ask beside the first request.
    """

    @property
    def generation(self) -> int:
        """The number of times this was renewed."""
        ...

    @property
    def locks_on_failure(self) -> bool:
        """Whether a few failures lock them."""
        ...

    async def headers(self, request: Callable[[], Signable]) -> Mapping[str, str]:
        """Give the headers to add; only what signs calls `request`.

        Raises CredentialsError when there are none to be had, or TransientError.
        """
        ...

    async def renew(self, generation: int) -> bool:
        """After a refusal of what `generation` gave: say whether there is something newer to try."""
        ...


class TokenCredentials:
    """A ready token: it holds or it does not."""

    generation: Final = 0
    locks_on_failure: Final = False

    def __init__(self, token: str) -> None:
        self._headers = {"X-Auth-Token": token} if token else {}

    async def headers(self, request: Callable[[], Signable]) -> Mapping[str, str]:  # noqa: ARG002 - any request
        """Give the token."""
        return self._headers

    async def renew(self, generation: int) -> bool:  # noqa: ARG002 - there is one generation
        """Say that there is no other."""
        return False


class AccessKeyCredentials:
    """A permanent access key: it signs each request by itself."""

    generation: Final = 0
    locks_on_failure: Final = True  # five failures lock it for five minutes (FACTS 3.2)

    def __init__(self, key: AccessKey, now: Callable[[], datetime]) -> None:
        self._key = key
        self._now = now

    async def headers(self, request: Callable[[], Signable]) -> Mapping[str, str]:
        """Sign."""
        return sign(request(), self._key, at=self._now())

    async def renew(self, generation: int) -> bool:  # noqa: ARG002 - there is one generation
        """Say that there is no other."""
        return False


T = TypeVar("T")


class Grant(NamedTuple, Generic[T]):
    """Something that holds until a moment."""

    what: T
    expires_at: datetime


class RefreshingGrant(Generic[T]):
    """A grant, asked for when it is first needed, before it ends and after a refusal; by one request for all.

    It is renewed `lead` before its end, or at half its life where that is later. A refusal by the grantor is
    final: asking again with the same password would lock the account.
    """

    def __init__(self, fetch: Callable[[], Awaitable[Grant[T]]], lead: timedelta, now: Callable[[], datetime]) -> None:
        self._fetch = fetch
        self._lead = lead
        self._now = now
        self._lock = anyio.Lock()
        self._what: T | None = None
        self._renew_at = datetime.min.replace(tzinfo=UTC)
        self._refused: CredentialsError | None = None
        self.generation = 0

    async def get(self) -> T:
        """Return what was granted; ask for it first, or anew when it is about to end. Raises CredentialsError."""
        if self._what is None or self._now() >= self._renew_at:
            async with self._lock:
                if self._what is None or self._now() >= self._renew_at:
                    return await self._ask()
        return self._what

    async def renew(self, generation: int) -> bool:
        """Ask for a new grant unless somebody has since `generation`; return True. Raises CredentialsError."""
        async with self._lock:
            if self.generation == generation:
                await self._ask()
        return True

    async def _ask(self) -> T:
        if self._refused is not None:
            raise self._refused
        try:
            grant = await self._fetch()
        except CredentialsError as error:
            self._refused = error
            raise
        life = grant.expires_at - self._now()
        self._what, self._renew_at = grant.what, grant.expires_at - min(self._lead, life / 2)
        self.generation += 1
        return grant.what


class PasswordLogin(NamedTuple):
    """What IAM gives a token for: a user of an account, and the project that the token is for (FACTS 3.1)."""

    user: str
    account: str
    password: str
    project: Mapping[str, str]  # {"id": …} or {"name": …}

    def body(self) -> bytes:
        """Write the request."""
        user = {"name": self.user, "password": self.password, "domain": {"name": self.account}}
        identity = {"methods": ["password"], "password": {"user": user}}
        return orjson.dumps({"auth": {"identity": identity, "scope": {"project": dict(self.project)}}})

    def __repr__(self) -> str:
        """Show no secret."""
        return f"Password(user={self.user!r}, account={self.account!r})"


_TOKEN_LEAD: Final = timedelta(minutes=10)
_KEY_LEAD: Final = timedelta(minutes=40)  # as the official client has it (FACTS 3.3)
_JSON: Final = {"Content-Type": "application/json;charset=utf8"}


class PasswordCredentials:
    """Tokens from IAM: one for 24 hours, a new one before it ends and after a refusal."""

    locks_on_failure: ClassVar = False

    def __init__(self, login: PasswordLogin, iam_endpoint: str, send: Send, now: Callable[[], datetime]) -> None:
        self._login = login
        self._url = f"{iam_endpoint}/v3/auth/tokens?nocatalog=true"
        self._where = f"IAM at {iam_endpoint}, asked for a token of user {login.user} of account {login.account},"
        self._send = send
        self._now = now
        self._token = RefreshingGrant(self._fetch, _TOKEN_LEAD, now)

    @property
    def generation(self) -> int:
        """The number of tokens asked for."""
        return self._token.generation

    async def headers(self, request: Callable[[], Signable]) -> Mapping[str, str]:  # noqa: ARG002 - any request
        """Give the token."""
        return {"X-Auth-Token": await self._token.get()}

    async def renew(self, generation: int) -> bool:
        """Ask for a new token, once for all who were refused with the same one."""
        return await self._token.renew(generation)

    async def _fetch(self) -> Grant[str]:
        answer = await self._send("POST", self._url, _JSON, self._login.body())
        _check(answer, self._where)
        token = answer.headers.get("X-Subject-Token", "")
        if not token:
            raise CredentialsError(f"IAM at {self._url} answered without a token; is iam_endpoint right?")
        return Grant(token, _expiry(_object(answer.body).get("token"), "expires_at"))


class MetadataCredentials:
    """Temporary keys of an ECS, from the metadata service of the machine this runs on (FACTS 3.3)."""

    locks_on_failure: ClassVar = False  # a refused one is replaced by the next

    def __init__(self, endpoint: str, project_id: str | None, send: Send, now: Callable[[], datetime]) -> None:
        self._endpoint = endpoint
        self._project_id = project_id
        self._send = send
        self._now = now
        self._key = RefreshingGrant(self._fetch, _KEY_LEAD, now)

    @property
    def generation(self) -> int:
        """The number of keys asked for."""
        return self._key.generation

    async def headers(self, request: Callable[[], Signable]) -> Mapping[str, str]:
        """Sign."""
        return sign(request(), await self._key.get(), at=self._now())

    async def renew(self, generation: int) -> bool:
        """Ask for a new key, once for all who were refused with the same one."""
        return await self._key.renew(generation)

    async def _fetch(self) -> Grant[AccessKey]:
        where = f"the metadata service at {self._endpoint}"
        try:
            with anyio.fail_after(_METADATA_S):
                answer = await self._ask()
                if answer.status == _UNAUTHORIZED:  # the handshake's token ran out in between
                    answer = await self._ask()
            _check(answer, where)
        except (TimeoutError, TransientError):
            raise CredentialsError(f"{where} does not answer; is this an ECS? if not, choose another --auth") from None
        content = _object(answer.body)
        held = content.get("credential") or content.get("credentials") or {}
        pair = _first(held, "access", "accessKeyId"), _first(held, "secret", "secretAccessKey")
        if not all(pair):
            raise CredentialsError(f"{where} gave no key; has this machine an agency?")
        token = _first(held, "securitytoken", "securityToken") or None
        key = AccessKey(*pair, security_token=token, project_id=self._project_id)
        return Grant(key, _expiry(held, "expires_at", "expiration"))

    async def _ask(self) -> Response:
        return await self._send("GET", f"{self._endpoint}/openstack/latest/securitykey", await self._handshake())

    async def _handshake(self) -> dict[str, str]:
        headers = {"X-Metadata-Token-Ttl-Seconds": "21600"}
        answer = await self._send("PUT", f"{self._endpoint}/meta-data/latest/api/token", headers)
        if answer.status in _NO_HANDSHAKE:
            return {}
        _check(answer, f"the metadata service at {self._endpoint}")
        return {"X-Metadata-Token": answer.body.decode(errors="replace").strip()}


_METADATA_S: Final = 9.0  # three requests of the three seconds the official client gives each (FACTS 3.3)
_UNAUTHORIZED: Final = 401
_NO_HANDSHAKE: Final = frozenset({404, 405, 503})  # an older service, asked without (FACTS 3.3)
_SUCCESS: Final = range(200, 300)


def _check(answer: Response, where: str) -> None:
    """Raise TransientError for what passes, CredentialsError for a refusal, with the grantor's own words."""
    if answer.status in _SUCCESS:
        return
    error = error_of(answer)
    if isinstance(error, TransientError):
        raise error
    raise CredentialsError(f"{where} refused: {error.details}; mend that, then run the same command")


def _object(body: bytes) -> dict[str, Any]:
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return content if isinstance(content, dict) else {}


def _first(held: Mapping[str, Any], *names: str) -> str:
    return next((held[name] for name in names if isinstance(held.get(name), str)), "")


_UNKNOWN_LIFE: Final = timedelta(hours=1)


def _expiry(held: object, *names: str) -> datetime:
    """Read when a grant ends; one that does not say is held for an hour, and a refusal renews it anyway."""
    text = _first(held, *names) if isinstance(held, dict) else ""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return datetime.now(UTC) + _UNKNOWN_LIFE
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_MOST_SKEW: Final = timedelta(minutes=15)


def explain_refusal(evidence: str, server_date: datetime | None, now: datetime) -> str:
    """Say what a refusal most likely means, beyond the service's own words.

    Source: FACTS 3.2 (skew of 15 minutes, lock after five failures), 4.2 (messages).
    """
    if server_date is not None and abs(server_date - now) > _MOST_SKEW:
        minutes = (now - server_date).total_seconds() / 60
        side = "ahead of" if minutes > 0 else "behind"
        return f"this machine's clock is {abs(minutes):.0f} minutes {side} the service's; set it right"
    if "failed to reach the limit" in evidence:
        return "the key is locked after failures; wait five minutes"
    return "set fresh credentials"
