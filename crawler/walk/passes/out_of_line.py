"""The windows of a pass that are not next in line: rests of short pages, and windows that failed (pure).

- A rest is what a page left of its window: some servers end a page at a number of bytes, whatever the limit. It is
  requested from where the page ended.
- A window that failed is put off to the end of its pass, when every other window is settled: most outages are over by
  then. It is put off once.

Source: docs/reference/swr-api.md#pages-by-bytes, #transient-failures.
"""

from collections.abc import Sequence
from typing import Final

from crawler.model.window import Window

MAX_RESTS: Final = 200  # of one window: a server that sends one row at a time would cost a request for each of them


class OutOfLine:
    """The windows that are not next in line, by their offsets."""

    __slots__ = ("_before", "_is_last_round", "_new", "_origins", "_put_off", "_rests_of", "_was_put_off")

    def __init__(self) -> None:
        self._new: dict[int, Window] = {}  # rests that are not requested yet
        self._before: dict[int, Sequence[int]] = {}  # of each rest that is not settled: the keys of the page before it
        self._origins: dict[int, int] = {}  # and the offset of the window that it is a part of
        self._rests_of: dict[int, int] = {}  # the number of rests of a window so far
        self._put_off: dict[int, Window] = {}
        self._was_put_off: set[int] = set()
        self._is_last_round = False

    def __len__(self) -> int:
        """Return the number of windows that are not requested yet, or put off."""
        return len(self._new) + len(self._put_off)

    @property
    def has_rest(self) -> bool:
        """Whether a rest is not requested yet."""
        return bool(self._new)

    @property
    def put_off(self) -> Sequence[Window]:
        """The windows that are put off, and not handed out again yet."""
        return tuple(self._put_off.values())

    def take(self, *, others_settled: bool) -> Window | None:
        """Take a rest, or in the last round a window that was put off; None when there is none.

        The last round begins when all others are settled: none is in flight, and the caller has no window in line.
        """
        self._is_last_round = self._is_last_round or (others_settled and not self._new)
        windows = self._new or (self._put_off if self._is_last_round else {})
        return windows.pop(next(iter(windows))) if windows else None

    def claim(self, window: Window) -> bool:
        """Take a certain rest; return False when it is none."""
        if self._new.get(window.offset) != window:
            return False
        del self._new[window.offset]
        return True

    def keys_before(self, window: Window) -> Sequence[int] | None:
        """Return the keys of the page that left this rest; None for a window that is no rest."""
        return self._before.get(window.offset)

    def add_rest(self, window: Window, keys: Sequence[int]) -> bool:
        """Add what a page with these keys left of its window; return False when its window has too many rests."""
        origin = self._origins.get(window.offset, window.offset)
        rests = self._rests_of.get(origin, 0) + 1
        if rests > MAX_RESTS:
            return False
        offset = window.offset + len(keys)
        self._new[offset] = window._replace(offset=offset, limit=window.offset + window.limit - offset)
        self._before[offset], self._origins[offset], self._rests_of[origin] = keys, origin, rests
        return True

    def put_off_once(self, window: Window) -> bool:
        """Put a window off to the end of the pass; return False when it was put off before."""
        if window.offset in self._was_put_off:
            return False
        self._was_put_off.add(window.offset)
        self._put_off[window.offset] = window
        return True

    def was_put_off(self, window: Window) -> bool:
        """Return whether a window failed before in this pass."""
        return window.offset in self._was_put_off

    def settle(self, window: Window) -> None:
        """Forget what only a window in flight needs."""
        self._before.pop(window.offset, None)
        self._origins.pop(window.offset, None)
