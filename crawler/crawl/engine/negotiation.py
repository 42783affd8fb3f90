"""Finds out by experiment what a service accepts that refuses the first request of a walk.

    the code names the size or the order (400) ------> the next smaller page, the next order: at once, step by step
    any other 400 or 422, twice, some time apart ----> each other shape once (walk/server_profile.py), until one
                                                       brings a page while the first one is refused once more
    another dialect ---------------------------------> only before the target ever sent a page, while the setting
                                                       `dialect` is `auto`, and never if the service ignores it

A service that does not know `filter` ignores it, and answers as if nothing had been asked: the list of `self`, from its
begin. So two rows, the second one and the first one are asked for: a service that sends just these reads its requests.
Where no list has two rows nothing shows it, and no walk of the target is complete (walk/judgement.py).
"""

from collections import Counter
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, Literal

import anyio

from crawler.crawl.engine.page_requester import PageRequester
from crawler.crawl.engine.settling import WindowSettler
from crawler.crawl.observing.events import DialectAdopted, WalkNotice
from crawler.crawl.scheduling.scheduled import FetchTask
from crawler.crawl.scheduling.target_scheduler import TargetScheduler
from crawler.errors import OrderRefusedError, RequestError, RouteError, SizeRefusedError
from crawler.model.walk_id import Center
from crawler.swr.decode.batch import Source
from crawler.swr.page import Page
from crawler.swr.request import ListRequest
from crawler.walk.retry_policy import RetryAfter, Tries, decide
from crawler.walk.server_profile import Refused, Reshaped, experiments
from crawler.walk.walk import Walk

_REFUSED: Final[Mapping[type[RequestError], Refused]] = {SizeRefusedError: "size", OrderRefusedError: "order"}
_ABOUT_THE_REQUEST: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})
_MAX_ROUNDS: Final = 3  # of a center: a namespace may be refused as such, and the next one not
_MEAN: Final = 0.5  # in place of chance: experiments come one at a time

# restart   the walk starts again with what is accepted; this window is no longer in flight
# retry     request the same window again: it is accepted now, or there was no answer to an experiment
# give up   there is nothing else to try
NextStep = Literal["restart", "retry", "give up"]


class _NoAnswerError(Exception):
    """An experiment had all its tries: nothing follows from it."""


class _Experiments:
    """Asks the service of one target in other shapes; `ignores_dialect`: it was found to ignore the other dialect."""

    def __init__(self, target: TargetScheduler, requester: PageRequester) -> None:
        self.ignores_dialect = False
        self._target = target
        self._requester = requester

    async def accepted(self, task: FetchTask, shape: Reshaped, *, in_other_dialect: bool) -> Reshaped | None:
        """Return the shape if the service accepts it; None if it refuses it, or ignores its dialect."""
        page = await self.page(task, shape)
        if page is None or not in_other_dialect:
            return None if page is None else shape
        if page.length > (shape.limit or task.window.limit):
            self.ignores_dialect = True
            return None
        centers = dict.fromkeys([task.scheduled.id.center, *(walk.id.center for walk in self._target.walks)])
        for center in centers:
            is_obeyed = await self._is_obeyed(task, center, shape)
            if is_obeyed is not None:
                self.ignores_dialect = not is_obeyed
                return shape if is_obeyed else None
        return shape._replace(is_obeyed=False)

    async def _is_obeyed(self, task: FetchTask, center: Center, shape: Reshaped) -> bool | None:
        """Return whether the service sends just the rows that are asked for; None when the list does not show it."""
        keys = []
        for offset, limit in ((0, 2), (1, 1), (0, 1)):
            page = await self._ask(task, ListRequest(center, None, offset, limit, shape.order, shape.filtered))
            if page is not None and page.length > limit:
                return False
            keys.append([] if page is None else page.items.keys)
            if len(keys[0]) != 2:  # noqa: PLR2004 - as many as asked for
                return None
        pair, second, first = keys
        return True if [*first, *second] == [*pair] else None

    async def page(self, task: FetchTask, shape: Reshaped) -> Page | None:
        """Return the first page of a walk in this shape, None when it is refused. Raises _NoAnswerError."""
        walk_id, window = task.scheduled.id, task.window
        limit = shape.limit or window.limit
        request = ListRequest(walk_id.center, walk_id.namespace, window.offset, limit, shape.order, shape.filtered)
        return await self._ask(task, request)

    async def _ask(self, task: FetchTask, request: ListRequest) -> Page | None:
        """Return the page that comes, None for a refusal. Raises _NoAnswerError when neither comes."""
        walk_id, tries = task.scheduled.id, Tries()
        while True:
            tries = tries.sent()
            task.scheduled.requests += 1
            try:
                return await self._requester.try_page(request, Source(*walk_id, request.offset))
            except RequestError as error:
                tries = tries.failed(error)
                if isinstance(error, RouteError):
                    raise _NoAnswerError from None
                if tries.refusals and error.details.status != HTTPStatus.UNAUTHORIZED:
                    return None
                decision = decide(error, tries, self._target.retry_limits, _MEAN)
                if not isinstance(decision, RetryAfter):
                    raise _NoAnswerError from None
                await self._requester.wait_out(decision)


class Negotiator:
    """Negotiates with the service of one target, for one walk at a time; `tried` tells what was refused, too."""

    def __init__(self, target: TargetScheduler, requester: PageRequester, settler: WindowSettler) -> None:
        self.tried = ""
        self._target = target
        self._requester = requester
        self._settler = settler
        self._experiments = _Experiments(target, requester)
        self._one_at_a_time = anyio.Lock()
        self._rounds: Counter[Center] = Counter()
        self._found: Reshaped | None = None
        self._profited: set[int] = set()  # the walks that began again with it

    async def negotiate(self, task: FetchTask, error: RequestError, *, are_refused: bool) -> NextStep:
        """Find what the service accepts in place of a refused window, and return what to do next.

        `are_refused`: whether the refusal came twice. What is found changes the target's ServerProfile, so that all
        its walks profit.
        """
        refused = _REFUSED.get(type(error))
        if refused is not None and task.walk.on_shape_refused(task.window, refused):
            self._target.observer.on_step_down(WalkNotice(task.scheduled.id, str(error)))
            return "restart"
        is_first = task.window.offset == 0 and not (isinstance(task.walk, Walk) and task.walk.has_first_page)
        if not (are_refused and is_first and error.details.status in _ABOUT_THE_REQUEST):
            return "give up"
        async with self._one_at_a_time:
            return await self._negotiate(task, error)

    async def _negotiate(self, task: FetchTask, error: RequestError) -> NextStep:
        center = task.scheduled.id.center
        if self._profits(task):
            return "restart"
        # Other walks of the center get pages of this size: it is this namespace that is refused.
        is_accepted = self._requester.largest.get(center, 0) >= task.window.limit
        if is_accepted or self._rounds[center] >= _MAX_ROUNDS:
            return "give up"
        self._rounds[center] += 1
        try:
            return await self._experiment(task, error)
        except _NoAnswerError:
            return "retry"

    def _profits(self, task: FetchTask) -> bool:
        """Return whether another walk has found since what is accepted, and start this one again, once for each."""
        present, window, walk = self._target.profile.present, task.window, task.scheduled
        is_other = window.limit > present.limit or window.order != present.orders[0]
        if self._found is None or walk.index in self._profited or not (is_other or walk.filtered != present.filtered):
            return False
        self._profited.add(walk.index)
        return task.walk.on_shape_refused(window, self._found)

    async def _experiment(self, task: FetchTask, error: RequestError) -> NextStep:
        profile, window = self._target.profile.present, task.window
        had_page = bool(self._requester.largest or self._target.work.has_answered)
        may_change = profile.may_change and not (had_page or self._experiments.ignores_dialect)
        shapes = experiments(profile, window, may_change=may_change)
        for shape in shapes:
            found = await self._experiments.accepted(task, shape, in_other_dialect=shape.filtered != profile.filtered)
            if found is None:
                continue
            if await self._experiments.page(task, Reshaped(None, window.order, profile.filtered)) is not None:
                return "retry"  # the service has recovered: it was not the shape
            self._adopt(task, found, error, in_other_dialect=found.filtered != profile.filtered)
            return "restart"
        ways = dict.fromkeys(_wording(shape, task) for shape in shapes)
        one_by_one = ", ".join(way for way in ways if " and " not in way)
        self.tried = f"; refused or ignored, too: {one_by_one}, and all of these together" if ways else ""
        return "give up"

    def _adopt(self, task: FetchTask, shape: Reshaped, error: RequestError, *, in_other_dialect: bool) -> None:
        self._found, self._profited = shape, {task.scheduled.index}
        self._settler.reshape(task, shape)
        target, reason = self._target, f"{error}; accepted: {_wording(shape, task)}"
        target.observer.on_step_down(WalkNotice(task.scheduled.id, reason))
        if in_other_dialect:
            target.observer.on_dialect(DialectAdopted(target.name, shape.is_obeyed, str(error)))


def _wording(shape: Reshaped, task: FetchTask) -> str:
    """Return what is different in a shape, for people."""
    window = task.window
    ways = [f"limit {shape.limit}"] if shape.limit is not None else []
    if shape.order != window.order:
        ways.append("without order_column" if shape.order is None else f"order_column {shape.order.column}")
    if shape.filtered != task.scheduled.filtered:
        ways.append("in filter" if shape.filtered else "without filter")
    return " and ".join(ways)
