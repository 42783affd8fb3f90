"""Splits a walk of a whole center whose rows have no stable order into walks by namespace.

A namespace that fits in a page is read in one answer, whatever order its rows have. What vouches that nothing lies
outside the namespaces is the census of the center (walk/census/center_census.py), not the list of their names. So names
come from all that knows some: the records that the passes saw, and the service's own list where it gives one.

The walk stays whole, and ends as `drifted`, when splitting it could prove nothing: its records are of one namespace, or
of one that cannot be asked for; it read rejects, whose namespace is not known; or the service ignores `namespace`, as
one request shows.

Source: docs/reference/swr-api.md#sort-stability, #list-namespaces, #visible-namespaces.
"""

from collections.abc import Awaitable, Callable, Iterator
from typing import Final, Protocol

import anyio.to_thread

from crawler.crawl.observing.events import WalkNotice
from crawler.crawl.planning.discovery import discover
from crawler.crawl.scheduling.scheduled import ScheduledWalk
from crawler.crawl.scheduling.target_scheduler import TargetScheduler
from crawler.errors import ConfigError, CredentialsError, RequestError, UnavailableError
from crawler.model.clock import Clock
from crawler.model.namespace import namespace as valid_namespace
from crawler.swr.decode.batch import Source
from crawler.swr.http.client import Client
from crawler.swr.page import Page
from crawler.swr.request import ListRequest

_FEWEST: Final = 2  # namespaces


class SplitStore(Protocol):
    """What splitting needs of a run's storage."""

    def namespaces_by_page(self, walk: int) -> Iterator[frozenset[str]] | None:
        """Return the namespaces of the records on each page of a walk, None when it read rejects. It blocks."""
        ...

    def append_split(self, walk: int, namespaces: tuple[str, ...]) -> None:
        """Append that a walk is read again by these namespaces."""
        ...


class CenterSplitter:
    """Splits the walks of one target that await it; `try_page` requests a page as an experiment."""

    def __init__(
        self,
        target: TargetScheduler,
        client: Client,
        try_page: Callable[[ListRequest, Source], Awaitable[Page]],
        store: SplitStore,
        clock: Clock,
    ) -> None:
        self._target = target
        self._client = client
        self._try_page = try_page
        self._store = store
        self._clock = clock

    async def split(self) -> None:
        """Split each walk that awaits it, or end it. Raises CredentialsError and DiskError; then they still await it.

        No page of these walks may be uncertain.
        """
        for scheduled in [walk for walk in self._target.walks if walk.awaits_split]:
            seen = await self._seen(scheduled)
            if why := await self._why_not(scheduled, seen):
                self._target.ended.keep_whole(scheduled, why)
                continue
            listed = await self._listed(scheduled)
            namespaces = tuple(sorted((seen or frozenset()).union(listed)))
            self._begin(scheduled, namespaces)

    async def _seen(self, scheduled: ScheduledWalk) -> frozenset[str] | None:
        """Return the namespaces of all records that a walk read, page by page: a stop need not wait for all of them."""
        by_page = self._store.namespaces_by_page(scheduled.index)
        if by_page is None:
            return None
        seen: set[str] = set()
        while (names := await anyio.to_thread.run_sync(next, by_page, None)) is not None:
            seen |= names
        return frozenset(seen)

    def _begin(self, scheduled: ScheduledWalk, namespaces: tuple[str, ...]) -> None:
        if scheduled.split is not None:
            self._store.append_split(scheduled.index, namespaces)
            self._target.begin_split(scheduled.split, namespaces)

    async def _why_not(self, scheduled: ScheduledWalk, seen: frozenset[str] | None) -> str:
        """Return why a split would prove nothing, "" when it may."""
        if seen is None:
            return "items were rejected"
        if any(valid_namespace(name) is None for name in seen):
            return "records are of a namespace that cannot be asked for"
        if len(seen) < _FEWEST:
            return "all records are of one namespace"
        return "the service ignores the namespace" if await self._is_ignored(scheduled, min(seen)) else ""

    async def _is_ignored(self, scheduled: ScheduledWalk, namespace: str) -> bool:
        """Return whether the list of this namespace shows that it is that of the whole center."""
        target, center, _ = scheduled.id
        shape = self._target.profile.present
        request = ListRequest(center, namespace, 0, shape.limit, shape.orders[0], shape.filtered)
        try:
            page = await self._try_page(request, Source(target, center, namespace, 0))
        except RequestError:
            return False  # the walks find out what it is
        totals = scheduled.result.totals if scheduled.result else ()
        return page.items.outside > 0 and (page.total or 0) >= max(totals, default=0)

    async def _listed(self, scheduled: ScheduledWalk) -> frozenset[str]:
        """Return the names that the service lists, none when it does not."""
        try:
            own = await self._discovered(scheduled, visible=False)
            if scheduled.id.center == "self":
                return own
            return await self._discovered(scheduled, visible=True) - own  # those of other accounts
        except (ConfigError, CredentialsError, UnavailableError) as error:
            self._target.observer.on_namespaces_unknown(WalkNotice(scheduled.id, str(error)))
            return frozenset()

    async def _discovered(self, scheduled: ScheduledWalk, *, visible: bool) -> frozenset[str]:
        target, limits, observer = scheduled.id.target, self._target.retry_limits, self._target.observer
        names = await discover(
            self._client, target, visible=visible, limits=limits, clock=self._clock, observer=observer
        )
        return frozenset(names)
