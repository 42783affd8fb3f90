"""What a server was found to accept (pure): page size, sort column and dialect.

| learned from                                       | event         | what changes                            |
|----------------------------------------------------|---------------|-----------------------------------------|
| a refused page size                                | SmallerPages  | `limit` becomes the next smaller size   |
| a complete pass whose first page was shorter twice | SmallerPages  | `limit` becomes the page size of the server |
| a refused sort column                              | OrderDropped  | it leaves `orders`                      |
| a refused opposite order of one of `orders`        | OrderDropped  | `is_reversible` ends                    |
| HTTP 400 before any page                           | OtherDialect  | `filtered` flips, `may_change` ends     |

Nothing is learned about totals: each walk has its own evidence of its end, since behind a balancer another server may
answer the next walk.
"""

from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple

from crawler.model.window import Order, Window

# The page sizes to try, one after the other, when a size is refused; the documented default of 100 is among them
# (swr-api.md#default-limit).
_LIMITS: Final = (500, 200, 100, 50, 20, 10, 5, 2, 1)


Refused = Literal["size", "order"]  # what the service does not accept of a window


class SmallerPages(NamedTuple):
    """Pages hold at most `limit` items."""

    limit: int


class OrderDropped(NamedTuple):
    """The service does not sort by this order."""

    order: Order | None


class OtherDialect(NamedTuple):
    """The service refuses requests in the present dialect."""


Lesson = SmallerPages | OrderDropped | OtherDialect


@dataclass(frozen=True, slots=True)
class ServerProfile:
    """What one target was found to accept. It never changes; `learn` returns another one.

    - `limit`: the page size to request, in items.
    - `orders`: the sort columns that were not refused so far, first choice first; None is the server's own order.
    - `filtered`: whether a request packs all parameters into `filter` (swr-api.md#filter-parameter).
    - `may_change`: whether the other dialect may still be tried.
    - `is_reversible`: whether the opposite of an order may be tried.
    """

    limit: int
    orders: tuple[Order | None, ...]
    filtered: bool = False
    may_change: bool = False
    is_reversible: bool = True

    def learn(self, lesson: Lesson) -> "ServerProfile":
        """Return the profile with what was learned; the last order and the smallest size stay."""
        match lesson:
            case SmallerPages(limit):
                return replace(self, limit=min(self.limit, limit))
            case OrderDropped(order) if order not in self.orders:
                return replace(self, is_reversible=False)
            case OrderDropped(order):
                left = tuple(one for one in self.orders if one != order)
                return replace(self, orders=left or self.orders)
            case _:  # OtherDialect
                return replace(self, filtered=not self.filtered, may_change=False)


def lesson_of(profile: ServerProfile, window: Window, refused: Refused) -> Lesson | None:
    """Return what a refused window teaches: the next smaller size or another order; None when none is left."""
    if refused == "size":
        smaller = next((limit for limit in _LIMITS if limit < window.limit), None)
        return None if smaller is None else SmallerPages(smaller)
    return None if set(profile.orders) <= {window.order} else OrderDropped(window.order)


class SharedProfile:
    """The present profile of one target. All its walks share it, so each lesson costs one request only."""

    def __init__(self, profile: ServerProfile) -> None:
        self._present = profile

    @property
    def present(self) -> ServerProfile:
        """The profile as learned so far."""
        return self._present

    def learn(self, lesson: Lesson) -> None:
        """Replace the profile by one with what was learned."""
        self._present = self._present.learn(lesson)
