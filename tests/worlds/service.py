"""The service of a world: cache, balancer, replicas and failures, request by request. It remembers every look."""

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import NamedTuple
from zlib import crc32

from crawler.model.walk_id import Center
from tests.worlds.answers import Answer, Query, Raw, answer_of, render, render_namespaces
from tests.worlds.failures import ANOTHERS, NO_ANSWER_AFTER_S, NOTHING, REFUSALS, anothers_query, concerns, gone_wrong
from tests.worlds.inventory import Key, State, history
from tests.worlds.world import Failure, FailureKind, Replica, World


class Lost(Exception):  # noqa: N818 - it is no error of the test
    """The connection gives no response; `after_s` seconds later it is known."""

    def __init__(self, after_s: float) -> None:
        super().__init__(after_s)
        self.after_s = after_s


class Look(NamedTuple):
    """One page that was answered: by which replica, in which sitting of the crawl, and what was wrong.

    `known` are the keys of the list that the page was taken from, in its order; `rows` those on the page.
    """

    sitting: int
    at_s: float
    query: Query
    fresh: bool
    replica: int
    failure: FailureKind | None
    known: tuple[Key, ...]
    rows: tuple[Key, ...]
    total: int | None

    @property
    def shown(self) -> int:
        """The number of rows on the page."""
        return len(self.rows)


class Service:
    """The service; `request` counts requests, `sitting` the times that it was interrupted for
    longer than a moment."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.states = history(world)
        self._changes = sorted(change.at for change in world.changes)
        self.requests = 0
        self.sitting = 0
        self.looks: list[Look] = []
        self._begun = self._index(1)
        self._cache: dict[object, tuple[float, Answer, int]] = {}
        self._chance = Random(world.seed)  # noqa: S311 - must be repeatable
        self._spans: dict[Failure, float] = {}
        self._before: Answer | None = None

    def _index(self, request: int) -> int:
        """Return the index of the state that the truth has at a request."""
        return sum(at <= request for at in self._changes)

    @property
    def truths(self) -> list[State]:
        """The states of the truth from the begin of the crawl until now."""
        return self.states[self._begun : self._index(self.requests) + 1]

    @property
    def ever(self) -> frozenset[Key]:
        """Every key that the truth has held, before the crawl too."""
        return frozenset().union(*(state.keys for state in self.states))

    def could_show(self, key: Key) -> bool:
        """Return whether any replica would show a row to some request during the crawl."""
        indices = range(self._begun, self._index(self.requests) + 1)
        center: Center = key[0]
        orders = [(name, way) for name in self.world.order if name != "none" for way in ("asc", "desc")]
        queries = [Query(center, key[1], 0, 1, order) for order in (None, *orders)]
        return any(
            row.key == key
            for replica in self.world.replicas
            for index in ({0} if replica.frozen else {max(0, index - replica.behind) for index in indices})
            for query in queries
            for row in answer_of(
                replace(replica, refuses=(), max_limit=0), self.states[index], self.states[index], query
            ).known
        )

    def state_of(self, replica: Replica, behind: int) -> State:
        """Return the state that a replica shows that has not seen the last `behind` changes."""
        return self.states[0 if replica.frozen else max(0, self._index(self.requests) - behind)]

    def answer(self, path: str, parameters: Mapping[str, str], *, fresh: bool, connection: int, now_s: float) -> Raw:
        """Return the response to the next request. Raises Lost when there is none."""
        self.requests += 1
        failure = self._failure(parameters, now_s)
        if failure in NO_ANSWER_AFTER_S:
            raise Lost(NO_ANSWER_AFTER_S[failure])
        if failure in REFUSALS:
            return REFUSALS[failure]
        if "namespaces" in path:
            replica = self.world.replicas[self._choose("", parameters, connection)]
            return render_namespaces(self.state_of(replica, replica.behind))
        query = Query.of(parameters)
        answer, index = self._cached(query, parameters, fresh=fresh, connection=connection, now_s=now_s)
        shown = gone_wrong(self._instead(answer, failure), failure)
        self._before = answer
        list_of = shown if failure in ANOTHERS else answer
        known = tuple([row.key for row in list_of.known])
        declared = (shown.item_total if shown.rows else None, shown.header_total)
        total = max([total for total in declared if total is not None], default=None)
        rows = tuple([row.key for row in shown.rows])
        self.looks.append(Look(self.sitting, now_s, query, fresh, index, failure, known, rows, total))
        return NOTHING[failure] if failure in NOTHING and not answer.refusal else render(shown)

    def _instead(self, answer: Answer, failure: FailureKind | None) -> Answer:
        """Return the answer, or that of another list when it comes instead."""
        if failure == "answer before" and self._before and self._before.query.offset == answer.query.offset:
            return self._before
        if failure in {"other center", "other namespace"}:
            return self._ask(anothers_query(answer.query, failure), {}, 0)[0]
        return answer

    # ---- who answers

    def _cached(
        self, query: Query, parameters: Mapping[str, str], *, fresh: bool, connection: int, now_s: float
    ) -> tuple[Answer, int]:
        cache = self.world.cache
        if cache is None:
            return self._ask(query, parameters, connection)
        without = {"order_column", "order_type"} if "order" in cache.ignores else set()
        key = tuple(pair for pair in parameters.items() if pair[0] not in {*cache.ignores, *without})
        kept = self._cache.get(key)
        if kept is not None and now_s - kept[0] < cache.ttl_s and not (fresh and cache.honors_no_cache):
            return kept[1], kept[2]
        answer, replica = self._ask(query, parameters, connection)
        if not answer.refusal:
            self._cache[key] = now_s, answer, replica
        return answer, replica

    def _ask(self, query: Query, parameters: Mapping[str, str], connection: int) -> tuple[Answer, int]:
        index = self._choose(query.center, parameters, connection)
        replica = self.world.replicas[index]
        state = self.state_of(replica, replica.behind)
        counted = self.state_of(replica, max(replica.behind, replica.totals_behind))
        return answer_of(replica, state, counted, query, self.requests), index

    def _choose(self, center: Center | str, parameters: Mapping[str, str], connection: int) -> int:
        world = self.world
        count = len(world.replicas)
        if count == 1:
            return 0
        number = {
            "round robin": lambda: self.requests,
            "random": lambda: self._chance.randrange(count),
            "url": lambda: crc32(repr(sorted(parameters.items())).encode()) + world.seed,
            "connection": lambda: connection + world.seed,
            "center": lambda: int(center == "self") + world.seed,
            "cut over": lambda: int(self.requests >= world.cut_over_at),
        }[world.balancer]()
        return number % count

    # ---- what goes wrong

    def _failure(self, parameters: Mapping[str, str], now_s: float) -> FailureKind | None:
        """Return what goes wrong with this request."""
        for failure in self.world.failures:
            if self._strikes(failure, now_s) and concerns(failure, parameters):
                return failure.kind
        return None

    def _strikes(self, failure: Failure, now_s: float) -> bool:
        number = self.requests - failure.at
        if number < 0:
            return False
        if failure.span_s:
            return now_s < self._spans.setdefault(failure, now_s + failure.span_s)
        if failure.every:
            return number % failure.every < min(failure.times, failure.every - 1)  # it must pass
        return number < failure.times
