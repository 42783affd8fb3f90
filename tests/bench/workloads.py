"""What is crawled, and what must be reached (pure)."""

from dataclasses import dataclass, replace
from typing import Final, Literal

Figure = Literal["wall", "cpu", "peak"]

FLOORS: Final = ("F", "N", "G")
PEERS: Final = ("sdk", "dlt", "scrapy")


@dataclass(frozen=True, slots=True)
class Goal:
    """What our crawl must reach: `figure` at most so many times that of `against`.

    Against "the rate" it is the seconds that the requests take at the configured rate and one round trip;
    against "bytes" the number is the bound itself.
    """

    figure: Figure
    at_most: float
    against: str

    def __str__(self) -> str:
        if self.against == "bytes":
            return f"{self.figure} at most {self.at_most / 1e6:.0f} MB"
        return f"{self.figure} at most {self.at_most:.2f} x {self.against}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """One registry and one way to ask it.

    Every `one_in`-th namespace of each center holds `records`, the others none. `rate_per_s` is what the server
    lets through and what our crawl is told to keep.
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
    most_rounds: int = 1000

    @property
    def walks(self) -> int:
        return self.namespaces * len(self.centers)

    @property
    def holding(self) -> int:
        """The number of namespaces of one center that hold records."""
        return -(-self.namespaces // self.one_in)

    @property
    def total(self) -> int:
        """The records of all."""
        return self.holding * len(self.centers) * self.records

    @property
    def requests(self) -> int:
        """The fewest requests that read them all: at least one for each walk."""
        windows = max(1, -(-self.records // self.limit))
        return len(self.centers) * (self.holding * windows + self.namespaces - self.holding)

    def without_peers(self) -> "Workload":
        return replace(self, against=tuple(other for other in self.against if other not in PEERS))

    @property
    def at_the_rate_s(self) -> float:
        """The seconds that the requests take at the rate, and one round trip; 0 without a rate."""
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
# Thirty seconds: what a process takes to start is in the wall, and in the 2 % too.
_RATE: Final = Workload(
    name="rate-limited",
    namespaces=20,
    records=7_500,
    rate_per_s=100,
    latency_ms=20,
    against=(),
    goals=(Goal("wall", 1.02, "the rate"),),
    most_rounds=5,
)
_MANY: Final = Workload(
    name="many-namespaces",
    namespaces=10_000,
    records=120,
    one_in=20,
    against=("G", "N"),
    goals=(Goal("wall", 1.2, "G"),),
)


def _growth(name: str, namespaces: int, *, peak: float, most_rounds: int) -> Workload:
    return Workload(
        name=f"growth-{name}",
        namespaces=namespaces,
        records=10_000,
        limit=1000,
        against=("N",),
        goals=(Goal("peak", peak, "bytes"),),
        most_rounds=most_rounds,
    )


def _one_huge(name: str, records: int) -> Workload:
    """Make one walk that keeps the keys of so many records; two of them tell what one key costs."""
    return Workload(
        name=f"keys-{name}", namespaces=1, records=records, centers=("self",), limit=1000, against=(), most_rounds=1
    )


WORKLOADS: Final = (
    _BULK,
    replace(_BULK, name="bulk-1000", limit=1000),
    _LATENCY,
    _ONE_WALK,
    _RATE,
    _MANY,
    _growth("40k", 2, peak=90e6, most_rounds=3),
    _growth("400k", 20, peak=90e6, most_rounds=3),
    _growth("2m", 100, peak=99e6, most_rounds=1),
    _growth("10m", 500, peak=99e6, most_rounds=1),
    _one_huge("100k", 100_000),
    _one_huge("1m", 1_000_000),
)

QUICK: Final = (
    replace(_BULK, name="quick-bulk-100", namespaces=4, against=FLOORS),
    replace(_BULK, name="quick-bulk-1000", namespaces=4, limit=1000, against=FLOORS),
    replace(_LATENCY, name="quick-latency", against=("G",)),
    replace(_RATE, name="quick-rate-limited", records=500, goals=(), most_rounds=1),
)
