"""How many requests to have in flight: found by trying, within a bound (pure).

    first -- an answer came --> doubling

    doubling -- a doubling brought hardly anything --> steady <---------------------------.
       |  ^                                              |  '-- up, down: kept if it was good, else back
       |  '------------------------- up was good --------|
       '---- a throttling answer ------------------------'

The limit compares throughput by Little's law: requests in flight when one is sent, divided by the time until its
answer is read. Unlike a count of answers a second this holds from the first answer on, while the slots still fill.
Latency alone would not do: 50±20 ms says nothing of a queue, while throughput that does not grow with the limit says
that something is the bottleneck: the service, the network or this process. A failed request takes time and yields
nothing. Timeouts caused by too many requests in flight therefore lower the throughput, while one failure in twenty,
whatever the limit, changes no comparison.

When this process has no processor time left, more requests in flight only wait for it, as pages in memory. Then no
larger limit is tried, and none so small that each turn of the event loop has hardly anything to do.

The laws, each a property of tests/walk/test_concurrency_limit.py:
- 1 <= limit <= max_limit, whatever comes;
- against a service of any latency and capacity the throughput comes near that of the best fixed limit, and the limit
  near what that takes: more is memory here, and a queue there;
- an answer that says "too many requests" takes a third of the limit, once for all requests in flight by then.
"""

from typing import Final, Literal, NamedTuple

_FIRST: Final = 16  # fewer cost a short crawl round trips, more cost a fast one memory
_FIRST_FAR: Final = 32  # after the first answer, when this process was idle for half of the time or more
_FEWEST_SAMPLES: Final = 16  # of fewer answers the mean is chance where the latency varies much
_NONE, _FULL = 1.15, 1.5  # what a doubling multiplies: below, nothing was gained; above, as good as all of it
_UP, _DOWN = 1.5, 0.75  # the steps that are tried
_UP_WORTH, _DOWN_WORTH = 1.2, 0.94  # and what throughput must be to keep them
_CHANGED: Final = 0.7, 1.4  # the service is not what it was: what was tried in vain is worth trying again
_THROTTLED: Final = 0.7
_BUSY: Final = 1 / _UP_WORTH  # of the time: what is left can't bring what a step up must
_FEWEST_BUSY: Final = 8  # in flight, when this process is busy: fewer cost time, more bring nothing
_CALM_ROUNDS: Final = 4  # between two tries
_CALMEST_ROUNDS: Final = 64  # tries that bring nothing become rare


class Sample(NamedTuple):
    """One request on its way: when it went out (seconds), as one of how many in flight, in which round."""

    at_s: float
    in_flight: int
    round: int


class _Round:
    """What was measured since the limit last changed or was confirmed: in-flight numbers and times, summed."""

    __slots__ = ("_answers", "_in_flight", "_needed", "_took_s", "busy_s", "number", "started_s")

    def __init__(self, needed: int, now_s: float, busy_s: float) -> None:
        self.number = -1
        self.start(needed, now_s, busy_s)

    def start(self, needed: int, now_s: float, busy_s: float) -> None:
        """Begin the next round; requests sent before it don't count in it."""
        self.number += 1
        self.started_s, self.busy_s = now_s, busy_s
        self.clear(needed)

    def clear(self, needed: int) -> None:
        """Forget the samples; `needed` of them make the round ready."""
        self._answers, self._in_flight, self._took_s = 0, 0, 0.0
        self._needed = needed

    def add(self, in_flight: int, took_s: float) -> None:
        self._answers += 1
        self._in_flight += in_flight
        self._took_s += took_s

    @property
    def ready(self) -> bool:
        return self._answers >= self._needed and self._took_s > 0

    @property
    def per_s(self) -> float:
        """The throughput by Little's law, in answers a second."""
        return self._in_flight / self._took_s


class ConcurrencyLimit:
    """The number of requests of one target that may be in flight now: `limit`, at most `max_limit` (the user's bound).

    `busy_s` is, in all methods, the processor time in seconds that the thread reading the answers has taken since
    some fixed moment.
    """

    def __init__(self, max_limit: int, now_s: float = 0.0, busy_s: float = 0.0) -> None:
        self.max_limit = max_limit
        self.limit = min(_FIRST, max_limit)
        self._mode: Literal["first", "doubling", "steady", "up", "down"] = "first"
        self._kept, self._kept_per_s = self.limit, 0.0  # what to go back to when a try was no good
        self._doubted = False
        self._up_next = True
        self._calm = _CALM_ROUNDS
        self._rested = 0
        self._throttled_at_s = float("-inf")
        self._busy = False
        self._round = _Round(self._enough(), now_s, busy_s)

    def on_sent(self, now_s: float, in_flight: int) -> Sample:
        """Note a request that goes out as one of `in_flight`.

        Pass the sample to `on_success`, `on_failure` or `on_throttled` when the request has ended.
        """
        return Sample(now_s, in_flight, self._round.number)

    def on_success(self, sample: Sample, now_s: float) -> None:
        """Count an answer that was read."""
        self._count(sample, now_s, sample.in_flight)

    def on_failure(self, sample: Sample, now_s: float) -> None:
        """Count a request that took its time and yielded nothing."""
        self._count(sample, now_s, 0)

    def on_throttled(self, sample: Sample, now_s: float, busy_s: float) -> None:
        """Take a third of the limit: the service says it is too much.

        Does nothing for a request that was sent before the last cut: the cut has answered it already.
        """
        if sample.at_s < self._throttled_at_s:
            return
        self._throttled_at_s = now_s
        self._up_next = False
        self._settle(max(1, int(self.limit * _THROTTLED)), 0.0)
        self._round.start(self._enough(), now_s, busy_s)

    @property
    def ready(self) -> bool:
        """Whether enough was counted for `update` to judge the limit by."""
        return self._round.ready

    def update(self, now_s: float, busy_s: float) -> None:
        """Change the limit by what was counted, when that is enough; then count anew."""
        if not self.ready:
            return
        busy_for_s, for_s = busy_s - self._round.busy_s, now_s - self._round.started_s
        if self._mode == "first":  # it tells how far away the service is, and nothing of the limit yet
            self._mode = "doubling"
            if 2 * busy_for_s <= for_s:
                self.limit = min(_FIRST_FAR, self.max_limit)
            self._round.clear(self._enough())
            return
        self._busy = busy_for_s >= _BUSY * for_s
        self._learn(self._round.per_s)
        self._round.start(self._enough(), now_s, busy_s)

    def _enough(self) -> int:
        if self._mode == "first":
            return 1
        # While doubling, about those that go out at once: one round trip. Later rounds may take their time.
        if self._mode == "doubling":
            return max(_FEWEST_SAMPLES, self.limit // 2)
        return max(2 * _FEWEST_SAMPLES, self.limit)

    def _count(self, sample: Sample, now_s: float, yielded: int) -> None:
        # Sent before the round began, or one of few for want of windows: says nothing about the limit.
        one_of_few = 2 * sample.in_flight < self.limit and self._mode != "first"
        if sample.round == self._round.number and not one_of_few:
            self._round.add(yielded, now_s - sample.at_s)

    def _learn(self, per_s: float) -> None:
        if self._mode == "doubling":
            self._double(per_s)
        elif self._mode == "steady":
            self._rest(per_s)
        else:
            self._keep_or_go_back(per_s)

    def _double(self, per_s: float) -> None:
        gain = per_s / self._kept_per_s if self._kept_per_s else 2.0
        if self._busy:
            self._settle(self.limit if gain > _UP_WORTH else self._kept, per_s)
            return
        if gain < _NONE or (gain < _FULL and self._doubted):
            self._settle(self._kept, self._kept_per_s)
            self._calm = 1  # it may have been chance: try once more, soon
            return
        self._doubted = gain < _FULL
        self._go_on_doubling(per_s)

    def _go_on_doubling(self, per_s: float) -> None:
        self._settle(self.limit, per_s)
        if self.limit < self.max_limit:
            self._mode, self.limit = "doubling", min(2 * self.limit, self.max_limit)

    def _settle(self, limit: int, per_s: float) -> None:
        self._mode, self._rested = "steady", 0
        self.limit, self._kept, self._kept_per_s = limit, limit, per_s

    def _rest(self, per_s: float) -> None:
        known = self._kept_per_s
        if not _CHANGED[0] * known < per_s < _CHANGED[1] * known:
            self._calm, self._rested, self._up_next = _CALM_ROUNDS, 0, per_s > known
            self._kept_per_s = per_s
            return
        self._kept_per_s = 0.7 * known + 0.3 * per_s  # a mean that forgets: one round is noise
        self._rested += 1
        if self._rested >= self._calm:
            self._try()

    def _try(self) -> None:
        up, self._up_next = self._up_next and not self._busy, not self._up_next
        if up:
            limit = min(max(int(self._kept * _UP), self._kept + 1), self.max_limit)
        else:
            fewest = min(self._kept, _FEWEST_BUSY) if self._busy else 1
            limit = max(fewest, int(self._kept * _DOWN))
        if limit == self._kept:
            self._rested = 0
        else:
            self._mode, self.limit = ("up" if up else "down"), limit

    def _keep_or_go_back(self, per_s: float) -> None:
        up = self._mode == "up"
        if per_s < self._kept_per_s * (_UP_WORTH if up else _DOWN_WORTH):
            self._calm = min(2 * self._calm, _CALMEST_ROUNDS)
            self._settle(self._kept, self._kept_per_s)
            return
        self._up_next = up  # on in the same direction, and soon
        self._calm = _CALM_ROUNDS
        if up:
            self._doubted = True
            self._go_on_doubling(per_s)
        else:
            self._settle(self.limit, per_s)
