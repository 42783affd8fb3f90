"""How many requests to have in flight: found by trying, within a bound (pure).

    first -- an answer came --> doubling

    doubling -- a doubling brought hardly anything --> steady <---------------------------.
       |  ^                                              |  '-- up, down: kept if it was good, else back
       |  '------------------------- up was good --------|
       '---- cut: a throttling answer -------------------'

What is compared is throughput as Little's law has it, requests in flight when one is sent over the time until it is
read: unlike a count of answers a second, that holds from the first answer on, while the room is still filling. Latency
alone would not do: 50±20 ms says nothing of a queue, while throughput that does not grow with the size says
that somebody is the bottleneck, be it the service, the network or this process. A request that failed takes its time
and yields nothing: timeouts that come of too many in flight lower the throughput, while one failing in twenty,
whatever the size, changes no comparison.

Where this process has no time left, more in flight would only wait for it, as pages in memory: then nothing larger is
tried, and nothing so small that each turn of the loop has hardly anything to do.

The laws, each a property of tests/walking/test_crowd.py:
- 1 <= size <= most, whatever comes;
- against a service of any latency and capacity the throughput comes near that of the best fixed size, and the size
  near what that takes: more is memory here, and a queue there;
- an answer that says "too much" takes a third of the size, once for all that were in flight by then.
"""

from typing import Final, Literal, NamedTuple

_FIRST: Final = 16  # fewer cost a short crawl round trips, more cost a fast one memory
_FIRST_FAR: Final = 32  # when the first answer has come and this process did nothing for half of the time or more
_FEWEST_JUDGED: Final = 16  # of fewer answers the mean is chance where the latency varies much
_NONE, _FULL = 1.15, 1.5  # what a doubling multiplies: below, nothing was gained; above, as good as all of it
_UP, _DOWN = 1.5, 0.75  # the steps that are tried
_UP_WORTH, _DOWN_WORTH = 1.2, 0.94  # and what throughput must be to keep them
_CHANGED: Final = 0.7, 1.4  # the service is not what it was: what was tried in vain is worth trying again
_CUT: Final = 0.7
_BUSY: Final = 1 / _UP_WORTH  # of the time: what is left can't bring what a step up must
_FEWEST_BUSY: Final = 8  # in flight: 2 took a tenth longer, 16 and 64 no less (20 000 small walks, 2 cores)
_CALM_ROUNDS: Final = 4  # between two tries
_CALMEST_ROUNDS: Final = 64  # tries that bring nothing become rare


class Sample(NamedTuple):
    """One request on its way: when it went out, as one of how many, in which round."""

    at_s: float
    in_flight: int
    round: int


class ConcurrencyLimit:
    """The size for one target: the requests that may be in flight now. `most` is the user's bound.

    `busy_s` is, here and below, the processor time that whoever reads the answers has taken since some moment.
    """

    def __init__(self, most: int, now_s: float = 0.0, busy_s: float = 0.0) -> None:
        self.most = most
        self.size = min(_FIRST, most)
        self._mode: Literal["first", "doubling", "steady", "up", "down"] = "first"
        self._kept, self._kept_per_s = self.size, 0.0  # what to go back to when a try was no good
        self._doubted = False
        self._up_next = True
        self._calm = _CALM_ROUNDS
        self._rested = 0
        self._cut_at_s = float("-inf")
        self._round = 0
        self._count_anew()
        self._began_s, self._began_busy_s = now_s, busy_s
        self._busy = False

    def sent(self, now_s: float, in_flight: int) -> Sample:
        """Note a request that goes out as one of `in_flight`; give its end to `answered`, `failed` or `cut`."""
        return Sample(now_s, in_flight, self._round)

    def answered(self, sent: Sample, now_s: float) -> None:
        """Count an answer that was read."""
        self._count(sent, now_s, sent.in_flight)

    def failed(self, sent: Sample, now_s: float) -> None:
        """Count a request that took its time and yielded nothing."""
        self._count(sent, now_s, 0)

    def judge(self, now_s: float, busy_s: float) -> None:
        """Learn from what was counted, when that is enough; then count anew."""
        if not self.full:
            return
        busy_s, for_s = busy_s - self._began_busy_s, now_s - self._began_s
        if self._mode == "first":  # it tells how far away the service is, and nothing of the size yet
            self._mode = "doubling"
            if 2 * busy_s <= for_s:
                self.size = min(_FIRST_FAR, self.most)
            self._count_anew()
            return
        self._busy = busy_s >= _BUSY * for_s
        self._learn(self._sum_in_flight / self._sum_s)
        self._begin(now_s, self._began_busy_s + busy_s)

    def cut(self, sent: Sample, now_s: float, busy_s: float) -> None:
        """Take a third of the size: the service says it is too much. What was sent before the last cut is no news."""
        if sent.at_s < self._cut_at_s:
            return
        self._cut_at_s = now_s
        self._up_next = False
        self._settle(max(1, int(self.size * _CUT)), 0.0)
        self._begin(now_s, busy_s)

    def _enough(self) -> int:
        if self._mode == "first":
            return 1
        # While doubling, about those that go out at once: one round trip. Later rounds may take their time.
        if self._mode == "doubling":
            return max(_FEWEST_JUDGED, self.size // 2)
        return max(2 * _FEWEST_JUDGED, self.size)

    def _count(self, sent: Sample, now_s: float, yielded: int) -> None:
        # Sent before the round began, or one of few for want of windows: says nothing about the size.
        if sent.round != self._round or (2 * sent.in_flight < self.size and self._mode != "first"):
            return
        self._answers += 1
        self._sum_in_flight += yielded
        self._sum_s += now_s - sent.at_s
        self.full = self._answers >= self._needed and self._sum_s > 0

    def _begin(self, now_s: float, busy_s: float) -> None:
        self._round += 1
        self._count_anew()
        self._began_s, self._began_busy_s = now_s, busy_s

    def _count_anew(self) -> None:
        self._answers, self._sum_in_flight, self._sum_s = 0, 0, 0.0
        self._needed = self._enough()
        self.full = False  # whether enough was counted to judge the size by

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
            self._settle(self.size if gain > _UP_WORTH else self._kept, per_s)
            return
        if gain < _NONE or (gain < _FULL and self._doubted):
            self._settle(self._kept, self._kept_per_s)
            self._calm = 1  # it may have been chance: try once more, soon
            return
        self._doubted = gain < _FULL
        self._go_on_doubling(per_s)

    def _go_on_doubling(self, per_s: float) -> None:
        self._settle(self.size, per_s)
        if self.size < self.most:
            self._mode, self.size = "doubling", min(2 * self.size, self.most)

    def _settle(self, size: int, per_s: float) -> None:
        self._mode, self._rested = "steady", 0
        self.size, self._kept, self._kept_per_s = size, size, per_s

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
            size = min(max(int(self._kept * _UP), self._kept + 1), self.most)
        else:
            fewest = min(self._kept, _FEWEST_BUSY) if self._busy else 1
            size = max(fewest, int(self._kept * _DOWN))
        if size == self._kept:
            self._rested = 0
        else:
            self._mode, self.size = ("up" if up else "down"), size

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
            self._settle(self.size, per_s)
