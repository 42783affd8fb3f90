"""How many requests to have in flight: found by trying, within a bound (pure).

    first -- a response came --> doubling

    doubling -- a doubling brought hardly anything --> steady <---------------------------.
       |  ^                                              |  '-- up, down: kept if it was good, else back
       |  '------------------------- up was good --------|
       '---- a throttling response ----------------------'

The limit compares throughput by Little's law: requests in flight when one is sent, divided by the time until its
response is read. Unlike a count of responses a second this holds from the first response on, while the slots still
fill. Latency alone would not do: 50±20 ms says nothing of a queue, while throughput that does not grow with the limit
says that something is the bottleneck: the service, the network or this process. A failed request takes time and yields
nothing. Timeouts caused by too many requests in flight therefore lower the throughput, while one failure in twenty,
whatever the limit, changes no comparison.

When this process has no processor time left, more requests in flight only wait for it, as pages in memory. Then no
larger limit is tried, and none so small that each turn of the event loop has hardly anything to do.

The laws, each a property of tests/walk/test_concurrency_limit.py:
- 1 <= limit <= max_limit, whatever happens;
- against a service of any latency and capacity the throughput comes near that of the best fixed limit, and the limit
  near the smallest one that reaches it: more is memory here, and a queue there;
- a response that says "too many requests" cuts the limit to 70 %, once for all requests in flight by then.
"""

from typing import Final, Literal, NamedTuple

_FIRST: Final = 16  # fewer cost a short crawl round trips, more cost a fast one memory
_FIRST_FAR: Final = 32  # after the first response, when this process was idle for half of the time or more
_MIN_SAMPLES: Final = 16  # the mean of fewer is chance when the latency varies much
_NO_GAIN, _FULL_GAIN = 1.15, 1.5  # what a doubling multiplies: below, it brought nothing; above, as good as twice
_UP, _DOWN = 1.5, 0.75  # the steps that are probed
_UP_WORTH, _DOWN_WORTH = 1.2, 0.94  # and what must become of the throughput to keep them
_CHANGED: Final = 0.7, 1.4  # beyond these the service is not what it was: probes that failed may succeed now
_THROTTLED: Final = 0.7
_BUSY: Final = 1 / _UP_WORTH  # of the time: what is left cannot yield what a step up must
_MIN_BUSY: Final = 8  # in flight while this process is busy: fewer cost time, more bring nothing
_PROBE_ROUNDS: Final = 4  # between two probes
_MAX_PROBE_ROUNDS: Final = 64  # probes that bring nothing become rare


class Sample(NamedTuple):
    """One request in flight: when it was sent (seconds), as one of how many in flight, in which round."""

    at_s: float
    in_flight: int
    round: int


class _Round:
    """What was measured since the limit last changed or was confirmed: in-flight numbers and times, summed."""

    __slots__ = ("_in_flight", "_needed", "_samples", "_took_s", "busy_s", "number", "started_s")

    def __init__(self, needed: int, now_s: float, busy_s: float) -> None:
        self.number = -1
        self.start(needed, now_s, busy_s)

    def start(self, needed: int, now_s: float, busy_s: float) -> None:
        """Begin the next round; requests sent before it do not count in it."""
        self.number += 1
        self.started_s, self.busy_s = now_s, busy_s
        self.clear(needed)

    def clear(self, needed: int) -> None:
        """Drop the samples; `needed` of them make the round ready."""
        self._samples, self._in_flight, self._took_s = 0, 0, 0.0
        self._needed = needed

    def add(self, in_flight: int, took_s: float) -> None:
        self._samples += 1
        self._in_flight += in_flight
        self._took_s += took_s

    @property
    def ready(self) -> bool:
        return self._samples >= self._needed and self._took_s > 0

    @property
    def per_s(self) -> float:
        """The throughput by Little's law, in responses a second."""
        return self._in_flight / self._took_s


class _Search:
    """Searches the best limit: each round's throughput decides which limit is next."""

    def __init__(self, max_limit: int) -> None:
        self.limit = min(_FIRST, max_limit)
        self.mode: Literal["first", "doubling", "steady", "up", "down"] = "first"
        self._max_limit = max_limit
        self._best, self._best_per_s = self.limit, 0.0  # what to return to when a probe fails
        self._small_gain = False  # of the last doubling
        self._up_next = True
        self._probe_rounds = _PROBE_ROUNDS
        self._steady_rounds = 0
        self._busy = False

    def raise_max_limit(self, max_limit: int) -> None:
        """Search up to a larger bound; a limit that stood at the old one is tried next, whatever was tried before."""
        if self.limit == self._max_limit:
            self._up_next, self._probe_rounds = True, 1
        self._max_limit = max_limit

    def on_first(self, *, idle: bool) -> None:
        """Start doubling: the first response tells how far away the service is, and nothing about the limit yet."""
        self.mode = "doubling"
        if idle:
            self.limit = min(_FIRST_FAR, self._max_limit)

    def on_throttled(self) -> None:
        """Cut the limit to 70 % and stay there for a while."""
        self._up_next = False
        self._hold(max(1, int(self.limit * _THROTTLED)), 0.0)

    def on_round(self, per_s: float, *, busy: bool) -> None:
        """Set the next limit; `per_s` is the throughput at the present one, `busy` whether this process was."""
        self._busy = busy
        if self.mode == "doubling":
            self._double(per_s)
        elif self.mode == "steady":
            self._stay(per_s)
        else:
            self._end_probe(per_s)

    def samples_needed(self) -> int:
        """Return the number of samples that make a round at the present limit."""
        if self.mode == "first":
            return 1
        # While doubling, about those that are sent at once: one round trip. Later rounds may take their time.
        if self.mode == "doubling":
            return max(_MIN_SAMPLES, self.limit // 2)
        return max(2 * _MIN_SAMPLES, self.limit)

    def _double(self, per_s: float) -> None:
        gain = per_s / self._best_per_s if self._best_per_s else 2.0
        if self._busy:
            self._hold(self.limit if gain > _UP_WORTH else self._best, per_s)
            return
        if gain < _NO_GAIN or (gain < _FULL_GAIN and self._small_gain):
            self._hold(self._best, self._best_per_s)
            self._probe_rounds = 1  # it may have been chance: probe once more, soon
            return
        self._small_gain = gain < _FULL_GAIN
        self._go_on_doubling(per_s)

    def _go_on_doubling(self, per_s: float) -> None:
        self._hold(self.limit, per_s)
        if self.limit < self._max_limit:
            self.mode, self.limit = "doubling", min(2 * self.limit, self._max_limit)

    def _hold(self, limit: int, per_s: float) -> None:
        self.mode, self._steady_rounds = "steady", 0
        self.limit, self._best, self._best_per_s = limit, limit, per_s

    def _stay(self, per_s: float) -> None:
        known = self._best_per_s
        if not _CHANGED[0] * known < per_s < _CHANGED[1] * known:
            self._probe_rounds, self._steady_rounds, self._up_next = _PROBE_ROUNDS, 0, per_s > known
            self._best_per_s = per_s
            return
        self._best_per_s = 0.7 * known + 0.3 * per_s  # a moving average: one round is noise
        self._steady_rounds += 1
        if self._steady_rounds >= self._probe_rounds:
            self._probe()

    def _probe(self) -> None:
        up, self._up_next = self._up_next and not self._busy, not self._up_next
        if up:
            limit = min(max(int(self._best * _UP), self._best + 1), self._max_limit)
        else:
            lowest = min(self._best, _MIN_BUSY) if self._busy else 1
            limit = max(lowest, int(self._best * _DOWN))
        if limit == self._best:
            self._steady_rounds = 0
        else:
            self.mode, self.limit = ("up" if up else "down"), limit

    def _end_probe(self, per_s: float) -> None:
        up = self.mode == "up"
        if per_s < self._best_per_s * (_UP_WORTH if up else _DOWN_WORTH):
            self._probe_rounds = min(2 * self._probe_rounds, _MAX_PROBE_ROUNDS)
            self._hold(self._best, self._best_per_s)
            return
        self._up_next = up  # on in the same direction, and soon
        self._probe_rounds = _PROBE_ROUNDS
        if up:
            self._small_gain = True
            self._go_on_doubling(per_s)
        else:
            self._hold(self.limit, per_s)


class ConcurrencyLimit:
    """The number of requests of one target that may be in flight now: `limit`, at most `max_limit` (the user's bound).

    `busy_s` is, in all methods, the processor time in seconds that the thread reading the responses has taken since
    some fixed moment.
    """

    def __init__(self, max_limit: int, now_s: float = 0.0, busy_s: float = 0.0) -> None:
        self._search = _Search(max_limit)
        self.max_limit = max_limit
        self.limit = self._search.limit
        self._throttled_at_s = float("-inf")
        self._round = _Round(self._search.samples_needed(), now_s, busy_s)

    def raise_max_limit(self, max_limit: int) -> None:
        """Let the limit grow up to a larger bound, when probes show that this pays."""
        self.max_limit = max_limit
        self._search.raise_max_limit(max_limit)

    def on_sent(self, now_s: float, in_flight: int) -> Sample:
        """Note a request that is sent as one of `in_flight`.

        Pass the sample to `on_success`, `on_failure` or `on_throttled` when the request has ended.
        """
        return Sample(now_s, in_flight, self._round.number)

    def on_success(self, sample: Sample, now_s: float) -> None:
        """Count a response that was read."""
        self._count(sample, now_s, sample.in_flight)

    def on_failure(self, sample: Sample, now_s: float) -> None:
        """Count a request that took its time and yielded nothing."""
        self._count(sample, now_s, 0)

    def on_throttled(self, sample: Sample, now_s: float, busy_s: float) -> None:
        """Cut the limit to 70 %: the service says that there are too many requests.

        Does nothing for a request that was sent before the last cut: the cut has answered it already.
        """
        if sample.at_s < self._throttled_at_s:
            return
        self._throttled_at_s = now_s
        self._search.on_throttled()
        self._start_round(now_s, busy_s)

    @property
    def ready(self) -> bool:
        """Whether enough was counted for `update` to judge the limit by."""
        return self._round.ready

    def update(self, now_s: float, busy_s: float) -> None:
        """Change the limit by what was counted, when that is enough; then count anew."""
        if not self.ready:
            return
        busy_for_s, for_s = busy_s - self._round.busy_s, now_s - self._round.started_s
        if self._search.mode == "first":
            self._search.on_first(idle=2 * busy_for_s <= for_s)
            self.limit = self._search.limit
            self._round.clear(self._search.samples_needed())
            return
        self._search.on_round(self._round.per_s, busy=busy_for_s >= _BUSY * for_s)
        self._start_round(now_s, busy_s)

    def _start_round(self, now_s: float, busy_s: float) -> None:
        self.limit = self._search.limit
        self._round.start(self._search.samples_needed(), now_s, busy_s)

    def _count(self, sample: Sample, now_s: float, in_flight: int) -> None:
        # Sent before the round began, or one of few for want of windows: it says nothing about the limit.
        one_of_few = 2 * sample.in_flight < self.limit and self._search.mode != "first"
        if sample.round == self._round.number and not one_of_few:
            self._round.add(in_flight, now_s - sample.at_s)
