"""Which windows of a pass are new, in flight or settled (pure).

The law: each window of a pass is exactly one of these. Windows of one segment `[offset, end)` follow each other without
a hole; the next segment begins when all windows of the one before are settled.

    0           next              reach     end
    |--settled--|------new--------|..........|
       in flight     claimed
"""

from crawler.model.window import Order, Window
from crawler.walk.passes.outcome import WalkError


class Frontier:
    """The windows of one pass, each of `limit` items in one `order`.

    New windows are handed out up to `end`, and at most up to `reach` (both are offsets). `settled` counts the windows
    that were read or lost. A resume claims windows in the order of its journal, ahead of the next one too.
    """

    __slots__ = ("_claimed", "_in_flight", "_next", "end", "limit", "order", "pass_number", "reach", "settled")

    def __init__(self, pass_number: int, limit: int, order: Order | None) -> None:
        self.pass_number = pass_number
        self.order = order
        self.settled = 0
        self._in_flight: dict[int, Window] = {}
        self._claimed: set[int] = set()  # offsets from `_next` on that are in flight or settled
        self.begin(0, 1, limit)

    def begin(self, offset: int, end: int, limit: int) -> None:
        """Begin the segment `[offset, end)` in windows of `limit` items; no window of the last one is in flight."""
        self._next, self.limit = offset, limit
        self.end = self.reach = end
        self._claimed.clear()

    def extend(self, end: int) -> None:
        """Make the segment end at `end` at least."""
        self.end = max(self.end, end)
        self.reach = max(self.reach, self.end)

    def take(self) -> Window | None:
        """Take the next new window, in flight from now on; None when there is none."""
        if not self.has_new:
            return None
        window = Window(self.pass_number, self._next, self.limit, self.order)
        self._in_flight[window.offset] = window
        self._next += self.limit
        return window

    def claim(self, window: Window) -> None:
        """Take a certain new window. Raises WalkError when it is not new."""
        offset = window.offset
        same = (window.pass_number, window.limit, window.order) == (self.pass_number, self.limit, self.order)
        in_segment = self._next <= offset < self._horizon and (offset - self._next) % self.limit == 0
        if not same or not in_segment or offset in self._claimed:
            raise WalkError(f"{window} is not new")
        self._in_flight[offset] = window
        self._claimed.add(offset)

    def settle(self, window: Window) -> None:
        """Settle a window that is in flight."""
        del self._in_flight[window.offset]
        self.settled += 1

    def check_in_flight(self, window: Window) -> None:
        """Raise WalkError unless `window` is in flight."""
        if self._in_flight.get(window.offset) != window:
            raise WalkError(f"{window} is not in flight")

    @property
    def has_new(self) -> bool:
        """Whether a window is new."""
        while self._next in self._claimed:
            self._claimed.discard(self._next)
            self._next += self.limit
        return self._next < self._horizon

    @property
    def next_offset(self) -> int:
        """The offset behind the windows that were handed out without a hole."""
        return self._next

    @property
    def is_exhausted(self) -> bool:
        """Whether every window up to the reach is settled."""
        return not self._in_flight and not self.has_new

    @property
    def is_cut_short(self) -> bool:
        """Whether the segment has windows beyond the reach."""
        return self.reach < self.end

    @property
    def in_flight(self) -> int:
        """The number of windows in flight."""
        return len(self._in_flight)

    @property
    def windows(self) -> int:
        """The number of windows that are new, in flight or settled."""
        new = -(-max(0, self._horizon - self._next) // self.limit) - len(self._claimed)
        return new + len(self._in_flight) + self.settled

    @property
    def _horizon(self) -> int:
        return min(self.end, self.reach)
