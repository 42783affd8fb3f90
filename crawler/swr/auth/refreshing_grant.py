"""A grant, such as a token, that expires: fetched on first use, refreshed before it expires and after a refusal.

- All requests that wait for a grant share one fetch.
- A grant is refreshed `margin` before it expires, or at half its lifetime where that is later. Otherwise every
  request would fetch a grant that lives shorter than `margin`.
- A refusal by the issuer is final: to repeat a wrong password would lock the account. Any other failure is not.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Generic, NamedTuple, TypeVar

import anyio

from crawler.errors import CredentialsError

T = TypeVar("T")


class Grant(NamedTuple, Generic[T]):
    """A value that is valid for `lifetime` from when it came, by the issuer's own clock."""

    value: T
    lifetime: timedelta


class RefreshingGrant(Generic[T]):
    """The current grant of one issuer. `fetch` asks the issuer for a new one; `now` returns the time, with time zone.

    `generation` counts the grants fetched.
    """

    def __init__(
        self, fetch: Callable[[], Awaitable[Grant[T]]], margin: timedelta, now: Callable[[], datetime]
    ) -> None:
        self._fetch = fetch
        self._margin = margin
        self._now = now
        self._lock = anyio.Lock()
        self._value: T | None = None
        self._came_at = datetime.min.replace(tzinfo=UTC)
        self._used_for = timedelta()
        self._refusal: CredentialsError | None = None
        self.generation = 0

    async def get(self) -> T:
        """Return the granted value; fetch it first if there is none or it is about to expire.

        Raises CredentialsError when the issuer refuses or refused before, and whatever else `fetch` raises.
        """
        if self._value is None or self._is_due():
            async with self._lock:
                if self._value is None or self._is_due():
                    return await self._refresh()
        return self._value

    def _is_due(self) -> bool:
        """Return whether the grant is about to expire. No date is added to: a lifetime may lead out of the calendar."""
        return self._now() - self._came_at >= self._used_for

    async def renew(self, generation: int) -> bool:
        """Return True once there is a newer grant than that of `generation`; fetch one unless another task has.

        Raises what `get` raises.
        """
        async with self._lock:
            if self.generation == generation:
                await self._refresh()
        return True

    async def _refresh(self) -> T:
        if self._refusal is not None:
            raise self._refusal
        try:
            grant = await self._fetch()
        except CredentialsError as error:
            self._refusal = error
            raise
        # From now on, by this machine's clock: it may be wrong, but it goes as fast as the issuer's.
        self._value = grant.value
        self._came_at, self._used_for = self._now(), grant.lifetime - min(self._margin, grant.lifetime / 2)
        self.generation += 1
        return grant.value
