"""The workloads: what is crawled, and the goals of the crawl (pure)."""

from dataclasses import dataclass, replace
from typing import Final, Literal

Metric = Literal["wall", "cpu", "peak"]

FLOORS: Final = ("F", "N", "G")
PEERS: Final = ("sdk", "dlt", "scrapy")


@dataclass(frozen=True, slots=True)
class Goal:
    """An upper bound for our crawl: its `metric` divided by that of the subject `against`.

    If `against` is "the rate", the metric is divided by the shortest time that the configured rate allows. If it is
    "bytes", `at_most` bounds the metric itself.
    """

    metric: Metric
    at_most: float
    against: str

    def __str__(self) -> str:
        if self.against == "bytes":
            return f"{self.metric} at most {self.at_most / 1e6:.0f} MB"
        return f"{self.metric} at most {self.at_most:.2f} x {self.against}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A registry and how it is crawled.

    Every `one_in`-th namespace of each center holds `records` records, the others none. `rate_per_s` is the limit of
    the server and the configured rate of our crawl. Latency is drawn from `latency_ms` plus or minus `jitter_ms`.
    """

    name: str
    namespaces: int
    records: int
    one_in: int = 1
    centers: tuple[str, ...] = ("self", "thirdparty")
    limit: int = 100
    concurrency: int = 32
    latency_ms: float = 0
    jitter_ms: float = 0
    rate_per_s: float | None = None
    against: tuple[str, ...] = FLOORS
    goals: tuple[Goal, ...] = ()
    max_rounds: int = 1000

    @property
    def walks(self) -> int:
        """The number of walks: one for each namespace and center."""
        return self.namespaces * len(self.centers)

    @property
    def non_empty(self) -> int:
        """The number of namespaces of one center that hold records."""
        return -(-self.namespaces // self.one_in)

    @property
    def total(self) -> int:
        """The number of records of all walks."""
        return self.non_empty * len(self.centers) * self.records

    @property
    def requests(self) -> int:
        """The least number of requests that read all records: at least one for each walk."""
        windows = max(1, -(-self.records // self.limit))
        return len(self.centers) * (self.non_empty * windows + self.namespaces - self.non_empty)

    def without_peers(self) -> "Workload":
        """Return this workload with floors as its only other subjects."""
        return replace(self, against=tuple(other for other in self.against if other not in PEERS))

    @property
    def rate_bound_s(self) -> float:
        """The shortest time in seconds that the rate allows, one round trip included; 0 without a rate."""
        return self.requests / self.rate_per_s + self.latency_ms / 1000 if self.rate_per_s else 0.0


_AS_FAST_AS_N: Final = (Goal("wall", 1.0, "N"), Goal("cpu", 1.25, "N"))
_BULK: Final = Workload(
    name="bulk-100", namespaces=20, records=10_000, against=(*FLOORS, *PEERS), goals=(*_AS_FAST_AS_N,)
)
_LATENCY: Final = Workload(
    name="latency",
    namespaces=50,
    records=500,
    latency_ms=50,
    jitter_ms=20,
    against=("G", "N", *PEERS),
    goals=(Goal("wall", 1.15, "G"),),
)
_ONE_WALK: Final = Workload(
    name="one-walk",
    namespaces=1,
    records=50_000,
    centers=("self",),
    latency_ms=50,
    against=("G", "N", *PEERS),
    goals=(Goal("wall", 1.15, "G"),),
)
# It takes thirty seconds, because the start of the process counts towards the 2 %.
_RATE: Final = Workload(
    name="rate-limited",
    namespaces=20,
    records=7_500,
    rate_per_s=100,
    latency_ms=20,
    against=(),
    goals=(Goal("wall", 1.02, "the rate"),),
    max_rounds=5,
)
_MANY: Final = Workload(
    name="many-namespaces",
    namespaces=10_000,
    records=120,
    one_in=20,
    against=("G", "N"),
    goals=(Goal("wall", 1.2, "G"),),
)


def _growth(name: str, namespaces: int, *, peak: float, max_rounds: int) -> Workload:
    return Workload(
        name=f"growth-{name}",
        namespaces=namespaces,
        records=10_000,
        limit=1000,
        against=("N",),
        goals=(Goal("peak", peak, "bytes"),),
        max_rounds=max_rounds,
    )


def _one_huge(name: str, records: int) -> Workload:
    """Return a workload of one walk, which keeps the keys of all `records`: two of them tell the memory of one key."""
    return Workload(
        name=f"keys-{name}", namespaces=1, records=records, centers=("self",), limit=1000, against=(), max_rounds=1
    )


WORKLOADS: Final = (
    _BULK,
    replace(_BULK, name="bulk-1000", limit=1000),
    _LATENCY,
    _ONE_WALK,
    _RATE,
    _MANY,
    _growth("40k", 2, peak=90e6, max_rounds=3),
    _growth("400k", 20, peak=90e6, max_rounds=3),
    _growth("2m", 100, peak=99e6, max_rounds=1),
    _growth("10m", 500, peak=99e6, max_rounds=1),
    _one_huge("100k", 100_000),
    _one_huge("1m", 1_000_000),
)

QUICK: Final = (
    replace(_BULK, name="quick-bulk-100", namespaces=4, against=FLOORS),
    replace(_BULK, name="quick-bulk-1000", namespaces=4, limit=1000, against=FLOORS),
    replace(_LATENCY, name="quick-latency", against=("G",)),
    replace(_RATE, name="quick-rate-limited", records=500, goals=(), max_rounds=1),
)
