"""Which windows of a pass are new, in flight or settled (pure).

The law: each window of a pass is exactly one of these. Windows of one segment `[offset, end)` follow each other without
a hole; the next segment begins when all windows of the one before are settled. Windows that are not next in line are in
out_of_line.py: they are new, too.

    0           next              reach     end
    |--settled--|------new--------|..........|
       in flight     claimed
"""

from crawler.model.window import Order, Window
from crawler.walk.passes.out_of_line import OutOfLine
from crawler.walk.passes.outcome import WalkError


class Frontier:
    """The windows of one pass, each of `limit` items in one `order`.

    New windows are handed out up to `end`, and at most up to `reach` (both are offsets). `settled` counts the windows
    that were read or lost. A resume claims windows in the order of its journal, ahead of the next one too.
    """

    __slots__ = (
        "_claimed",
        "_in_flight",
        "_next",
        "end",
        "limit",
        "order",
        "out_of_line",
        "pass_number",
        "reach",
        "settled",
    )

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
        self.out_of_line = OutOfLine()
        self.end = self.reach = end
        self._claimed.clear()

    def extend(self, end: int) -> None:
        """Make the segment end at `end` at least."""
        self.end = max(self.end, end)
        self.reach = max(self.reach, self.end)

    def take(self) -> Window | None:
        """Take the next new window, in flight from now on; None when there is none.

        Rests of short pages come first; windows that failed come when every other one is settled.
        """
        if self.out_of_line.has_rest or not self._has_next:
            window = self.out_of_line.take(others_settled=not self._in_flight)
        else:
            window = Window(self.pass_number, self._next, self.limit, self.order)
            self._next += self.limit
        if window is not None:
            self._in_flight[window.offset] = window
        return window

    def claim(self, window: Window) -> None:
        """Take a certain new window. Raises WalkError when it is not new."""
        offset = window.offset
        if not self.out_of_line.claim(window):
            same = (window.pass_number, window.limit, window.order) == (self.pass_number, self.limit, self.order)
            in_segment = self._next <= offset < self._horizon and (offset - self._next) % self.limit == 0
            if not same or not in_segment or offset in self._claimed:
                raise WalkError(f"{window} is not new")
            self._claimed.add(offset)
        self._in_flight[offset] = window

    def settle(self, window: Window) -> None:
        """Settle a window that is in flight."""
        del self._in_flight[window.offset]
        self.out_of_line.settle(window)
        self.settled += 1

    def put_off(self, window: Window) -> bool:
        """Put a window in flight off to the end of the pass; return False when it was put off before."""
        if not self.out_of_line.put_off_once(window):
            return False
        del self._in_flight[window.offset]
        return True

    def check_in_flight(self, window: Window) -> None:
        """Raise WalkError unless `window` is in flight."""
        if self._in_flight.get(window.offset) != window:
            raise WalkError(f"{window} is not in flight")

    @property
    def _has_next(self) -> bool:
        """Whether a window in line is new."""
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
        return not (self._in_flight or self._has_next or self.out_of_line)

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
        return new + len(self._in_flight) + len(self.out_of_line) + self.settled

    @property
    def _horizon(self) -> int:
        return min(self.end, self.reach)
