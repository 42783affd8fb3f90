"""A world: an inventory that changes, the service in front of it with all its faults, and how it is crawled. Pure data.

Every default is the honest one: `World()` is an empty registry behind one healthy server. So the fields of a world that
are not defaults say what is wrong with it, and `repr` shows only those: a counterexample is a literal that a test can
hold.
"""

from dataclasses import dataclass, fields
from typing import Final, Literal

from crawler.model.walk_id import Center

NAMESPACES: Final = ("a", "ab", "b", "c")  # a fuzzy filter for `a` finds `ab`, too

Totals = Literal[
    "count", "in items", "in header", "none", "page length", "items page length", "items one less", "first item"
]
PastEnd = Literal["empty", "400", "404", "416", "repeat"]
Parameter = Literal["center", "namespace", "offset", "order", "filter"]
Refused = Literal["direct", "filter", "order"]
Balancer = Literal["round robin", "random", "url", "connection", "center", "cut over"]
ChangeKind = Literal["insert", "delete", "swap", "touch", "move", "replace"]
FailureKind = Literal[
    "500",
    "503 retry after",
    "429",
    "reset",
    "timeout",
    "truncated",
    "html",
    "400",
    "403",
    "404",
    "302",
    "520",
    "empty",
    "empty, total 0",
    "null",
    "204",
    "no bytes",
    "zero length",
    "error envelope",
    "short",
    "other center",
    "other namespace",
    "answer before",
    "total less",
    "total zero",
    "two totals",
    "mixed totals",
    "no total",
]


class Spec:
    """A dataclass that shows only what is not a default."""

    def __repr__(self) -> str:
        told = (
            f"{field.name}={getattr(self, field.name)!r}"
            for field in fields(self)  # type: ignore[arg-type]  # every subclass is a dataclass
            if getattr(self, field.name) != field.default
        )
        return f"{type(self).__name__}({', '.join(told)})"


@dataclass(frozen=True, repr=False)
class Replica(Spec):
    """One server. `behind` counts the changes of the truth that it has not seen yet; `frozen` it never sees any.

    `clamp` is its longest page, `cap` its largest total, and `ceiling` the number of rows it can ever serve. With
    `weight` it ends a page before its rows weigh more. With `refuses_empty` it refuses a list that holds nothing. Pages
    of more than `max_limit` items, and what it `refuses`, get a code that no document has.
    """

    behind: int = 0
    frozen: bool = False
    totals: Totals = "count"
    totals_behind: int = 0  # changes that its totals have not seen
    clamp: int = 0  # 0: none
    cap: int = 0
    ceiling: int = 0
    weight: int = 0
    refuses_empty: bool = False
    order: Literal["asked", "own", "reversed", "shuffled"] = "asked"  # shuffled: another one at every request
    owner: bool = True  # whether it sends domain_name
    ignores: tuple[Parameter, ...] = ()
    fuzzy: bool = False
    past_end: PastEnd = "empty"
    max_limit: int = 0  # 0: none
    refuses: tuple[Refused, ...] = ()
    total_on_empty: bool = True


@dataclass(frozen=True, repr=False)
class Cache(Spec):
    """A cache in front of the balancer. `ignores` are the parameters that are not part of its key."""

    ttl_s: int = 10**6
    ignores: tuple[Parameter, ...] = ()
    honors_no_cache: bool = True


@dataclass(frozen=True, repr=False)
class Failure(Spec):
    """Something that goes wrong with the requests from number `at` (from 1) on, `times` times or for `span_s` seconds.

    With `every` it returns after each so many requests; `offset` narrows it to pages at 0 or behind it.
    """

    kind: FailureKind = "500"
    at: int = 1
    times: int = 1
    span_s: float = 0.0
    every: int = 0
    offset: Literal["any", "zero", "beyond"] = "any"


@dataclass(frozen=True, repr=False)
class Change(Spec):
    """A change of the truth before request number `at`; below 1 before the crawl. Only some replicas may have seen it.

    *insert*, *delete*, *swap* (one goes and another comes, elsewhere), *touch* (updated_at), *move* (to another
    namespace), *replace* (as many rows go from one namespace as come to another).
    """

    at: int = 1
    kind: ChangeKind = "insert"
    position: int = 0
    to: int = 0
    count: int = 1
    center: Center = "self"


@dataclass(frozen=True, repr=False)
class Stop(Spec):
    """A kill at request number `at`; the same command runs again after `away_s` seconds."""

    at: int = 1
    away_s: float = 0.0


@dataclass(frozen=True, repr=False)
class World(Spec):
    """All of it. `rows` are in `self`, `others` in `thirdparty`; both are spread over the first `namespaces` names."""

    seed: int = 0
    rows: int = 0
    others: int = 0
    namespaces: int = 1
    replicas: tuple[Replica, ...] = (Replica(),)
    balancer: Balancer = "round robin"
    cut_over_at: int = 1
    cache: Cache | None = None
    failures: tuple[Failure, ...] = ()
    changes: tuple[Change, ...] = ()
    stops: tuple[Stop, ...] = ()
    limit: int = 10
    centers: tuple[Center, ...] = ("self",)
    walks: Literal["whole", "named", "discovered"] = "whole"
    double_read: bool = False
    max_passes: int = 3
    concurrency: int = 1
    order: tuple[str, ...] = ("name", "none")
