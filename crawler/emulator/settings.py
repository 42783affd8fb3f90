"""Everything an emulator can be told, checked (pure). Whom it lets in is in identity.py, and a part of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf

from crawler.emulator.auth.identity import Identity
from crawler.emulator.faults.fault import Fault
from crawler.emulator.http.query import OverLimit, PairRule
from crawler.emulator.inventory.center_rows import Inventory
from crawler.emulator.service.state import NamespaceCounts
from crawler.errors import ConfigError

_SHORTEST_TOKEN_BYTES = 32  # shorter ones could be guessed to be the same
_LONGEST_TOKEN_BYTES = 32 * 1024 - 64  # the gateway's limit for one header (FACTS 3.1), less its name
_BOUNDS: Mapping[str, tuple[float, float]] = {
    "port": (0, 65_535),
    "default_limit": (1, inf),
    "max_limit": (1, inf),
    "latency_ms": (0, inf),
    "jitter_ms": (0, inf),
    "max_concurrency": (1, inf),
    "rps_burst": (1, inf),
    "retry_after_s": (0, inf),
    "cache_bytes": (0, inf),
    "token_ttl_s": (0, inf),
    "token_requests": (1, inf),
    "void_tokens_after": (1, inf),
    "token_bytes": (_SHORTEST_TOKEN_BYTES, _LONGEST_TOKEN_BYTES),
    "max_skew_s": (0, inf),
    "lock_after": (1, inf),
    "lock_s": (0, inf),
    "temporary_ttl_s": (0, inf),
    "temporary_requests": (1, inf),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulatorSettings(Identity):
    """What to serve and how, and to whom. Rates are requests/s over all connections; `rps_cap` None is no cap.

    Answers wait `latency_ms`, give or take up to `jitter_ms` (evenly spread, never below 0, from `seed`);
    refusals of the gateway (401, 403, 404, 429) do not. With `max_concurrency` no more than that many do at a time, and
    the
    others wait their turn, first come, first served: a service of that capacity. The cap is SWR's: IAM and the
    metadata service have none. `cache_bytes` bounds the pages kept rendered (cache.py); with faults none are kept. With
    `record_requests` every request is remembered, without bound: for tests.

    `clock` gives the seconds since the epoch, None is the machine's clock; the emulator's clock is `clock_skew_s`
    ahead of it, and tells its time in the Date of every answer.
    """

    inventory: Inventory
    port: int = 0
    default_limit: int = 100
    max_limit: int = 1000
    over_limit: OverLimit = "clamp"
    pair_rule: PairRule = "refuse"
    namespace_counts: NamespaceCounts = "mixed"
    latency_ms: float = 0
    jitter_ms: float = 0
    max_concurrency: int | None = None
    seed: int = 0
    rps_cap: float | None = None
    rps_burst: int = 10
    retry_after_s: int | None = None
    clock: Callable[[], float] | None = None
    clock_skew_s: float = 0
    faults: tuple[Fault, ...] = ()
    cache_bytes: int = 512 * 1024 * 1024
    record_requests: bool = False

    def __post_init__(self) -> None:
        """Raise ConfigError for a number that can't be."""
        for setting, (least, most) in _BOUNDS.items():
            value = getattr(self, setting)
            if value is not None and not least <= value <= most:
                bound = f"at least {least}" if not value >= least else f"at most {most}"
                raise ConfigError(f"{setting} must be {bound}, not {value}", setting=setting)
        if self.rps_cap is not None and not self.rps_cap > 0:
            raise ConfigError(f"rps_cap must be above 0, not {self.rps_cap}", setting="rps_cap")
