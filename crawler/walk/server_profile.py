"""What a server was found to accept (pure): page size, sort column and dialect.

| learned from                                       | event         | what changes                            |
|----------------------------------------------------|---------------|-----------------------------------------|
| a refused page size                                | SmallerPages  | `limit` becomes the next smaller size   |
| a complete pass whose first page was shorter twice | SmallerPages  | `limit` becomes the page size of the server |
| a refused sort column                              | OrderDropped  | it leaves `orders`                      |
| a refused opposite order of one of `orders`        | OrderDropped  | `is_reversible` ends                    |
| a consistent pass after one whose ties moved       | StableOrder   | this order becomes the first of `orders` |
| another shape was accepted than the refused one    | Reshaped      | what this shape concedes                |

A refusal whose code names neither size nor order is settled by experiment: `experiments` lists the other shapes of a
request, those with the fewest concessions first, and crawl/engine/negotiation.py tries each once.

| concession     | what is tried                                                                             |
|----------------|-------------------------------------------------------------------------------------------|
| a smaller page | 100, the documented default, then 10, the one of the enterprise edition; else 1           |
| no order       | the server's own, where `orders` allows it, else the next column                          |
| the dialect    | `filter` instead of direct parameters, or the other way round; before the first page only |

Nothing is learned about totals: each walk has its own evidence of its end, since behind a balancer another server may
answer the next walk.
"""

from collections.abc import Collection
from typing import Final, Literal, NamedTuple

import msgspec
from msgspec.structs import replace

from crawler.model.window import Order, Window

# The page sizes to try, one after the other, when a size is refused; the documented default of 100 is among them
# (swr-api.md#default-limit).
_LIMITS: Final = (500, 200, 100, 50, 20, 10, 5, 2, 1)

# The documented sort columns (swr-api.md#order-columns), those with the fewest equal values first. Beyond the user's
# choice they are tried only when the ties of all columns of that choice move.
_DOCUMENTED_ORDERS: Final = tuple(
    Order(column, "asc") for column in ("name", "updated_at", "namespace", "domain_name", "tag_count")
)


# Page sizes to experiment with (swr-api.md#default-limit; 10 is the default of the enterprise edition).
_TRIED_LIMITS: Final = (100, 10, 1)
_PROBE_LIMIT: Final = 2


class SmallerPages(NamedTuple):
    """Pages hold at most `limit` items."""

    limit: int


class OrderDropped(NamedTuple):
    """The service does not sort by this order."""

    order: Order | None


class StableOrder(NamedTuple):
    """Pages in this order fit together, while those in another order held rows twice."""

    order: Order | None


class Reshaped(NamedTuple):
    """The service accepts a request of another shape: of this page size in items, this order, this dialect.

    `limit` is None when the size that was asked for is accepted: a probe asks for few items only.
    `is_obeyed`: whether the service showed that it reads what it accepts, if the dialect is another one.
    `is_reversible` is false when the opposite of a column was refused, and this is not.
    """

    limit: int | None
    order: Order | None
    filtered: bool
    is_obeyed: bool = True
    is_reversible: bool = True


Lesson = SmallerPages | OrderDropped | StableOrder | Reshaped
# What the service does not accept of a window; or what it was found to accept instead.
Refused = Literal["size", "order"] | Reshaped


class ServerProfile(msgspec.Struct, frozen=True):
    """What one target was found to accept. It never changes; `learn` returns another one.

    - `limit`: the page size to request, in items.
    - `orders`: the sort columns that were not refused so far, first choice first; None is the server's own order.
    - `spare_orders`: the documented columns beyond the user's choice that were not refused so far.
    - `filtered`: whether a request packs all parameters into `filter` (swr-api.md#filter-parameter).
    - `may_change`: whether the other dialect may still be tried.
    - `is_obeyed`: whether the service is known to read its requests: one that ignores `filter` answers, too.
    - `is_reversible`: whether the opposite of an order may be tried.
    """

    limit: int
    orders: tuple[Order | None, ...]
    filtered: bool = False
    may_change: bool = False
    is_reversible: bool = True
    is_obeyed: bool = True
    spare_orders: tuple[Order, ...] = _DOCUMENTED_ORDERS

    def order_besides(self, tried: Collection[Order | None]) -> Order | None:
        """Return the first order that is not among `tried`; the first choice when all are."""
        return next((one for one in (*self.orders, *self.spare_orders) if one not in tried), self.orders[0])

    def learn(self, lesson: Lesson) -> "ServerProfile":
        """Return the profile with what was learned; the last order and the smallest size stay."""
        match lesson:
            case SmallerPages(limit):
                return replace(self, limit=min(self.limit, limit))
            case StableOrder(order):
                others = tuple(one for one in self.orders if one != order)
                return replace(self, orders=(order, *others), spare_orders=_without(self.spare_orders, order))
            case OrderDropped(order) if order in self.spare_orders and order not in self.orders:
                return replace(self, spare_orders=_without(self.spare_orders, order))
            case OrderDropped(order) if order not in self.orders:
                return replace(self, is_reversible=False)
            case OrderDropped(order):
                left = tuple(one for one in self.orders if one != order)
                return replace(self, orders=left or self.orders, spare_orders=_without(self.spare_orders, order))
            case _:
                return self._reshaped(lesson)

    def _reshaped(self, shape: Reshaped) -> "ServerProfile":
        kept = self.orders[self.orders.index(shape.order) :] if shape.order in self.orders else self.orders
        reversible = self.is_reversible and shape.is_reversible
        limit = min(self.limit, shape.limit or self.limit)
        profile = replace(self, limit=limit, orders=kept, is_reversible=reversible)
        if shape.filtered == self.filtered or not self.may_change:  # as before, or as it was configured
            return profile
        return replace(profile, filtered=shape.filtered, may_change=False, is_obeyed=shape.is_obeyed)


def _without(orders: tuple[Order, ...], order: Order | None) -> tuple[Order, ...]:
    return tuple(one for one in orders if one != order)


def lesson_of(profile: ServerProfile, window: Window, refused: Refused) -> Lesson | None:
    """Return what a refused window teaches: the next smaller size or another order; None when none is left.

    `refused` may be the lesson itself.
    """
    if isinstance(refused, Reshaped):
        return refused
    if refused == "size":
        smaller = next((limit for limit in _LIMITS if limit < window.limit), None)
        return None if smaller is None else SmallerPages(smaller)
    return None if set(profile.orders) <= {window.order} else OrderDropped(window.order)


def experiments(profile: ServerProfile, window: Window, *, may_change: bool) -> tuple[Reshaped, ...]:
    """Return the shapes to try in place of a refused window, fewest concessions first.

    `may_change` says whether to try the other dialect. Sizes that a probe asks for are never too large.
    """
    refused = Reshaped(None, window.order, profile.filtered)
    sizes = [refused._replace(limit=limit) for limit in _TRIED_LIMITS if limit < window.limit > _PROBE_LIMIT]
    small, tiny = sizes[:1], sizes[1:2]

    def without_order(shapes: list[Reshaped]) -> list[Reshaped]:
        return [
            shape._replace(order=order, is_reversible=window.order in profile.orders)
            for shape in shapes
            for order in _other_orders(profile, window)
        ]

    def otherwise(shapes: list[Reshaped]) -> list[Reshaped]:
        return [shape._replace(filtered=not shape.filtered) for shape in shapes] if may_change else []

    one = [*small, *without_order([refused]), *otherwise([refused]), *tiny]
    two = [*without_order(small), *otherwise(small), *otherwise(without_order([refused]))]
    return (*one, *two, *otherwise(without_order([*small, *tiny])))


def _other_orders(profile: ServerProfile, window: Window) -> list[Order | None]:
    """Return the orders to try: the server's own where it is allowed; first the opposite of a reversed one."""
    others = [order for order in profile.orders if order != window.order]
    own: list[Order | None] = [None] if None in others else others[-1:]
    reversed_back = profile.orders[:1] if window.order not in profile.orders else ()
    return list(dict.fromkeys([*reversed_back, *own]))


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
