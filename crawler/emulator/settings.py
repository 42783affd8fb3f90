"""The settings of an emulator, checked (pure). They include its credentials (crawler/emulator/auth/identity.py).

Source: docs/reference/swr-api.md#header-size-limits (the longest token).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf

from crawler.emulator.auth.identity import Identity
from crawler.emulator.faults.fault import Fault
from crawler.emulator.http.query import OverLimit, PairRule
from crawler.emulator.inventory.center_rows import Inventory
from crawler.emulator.service.config import NamespaceCounts
from crawler.errors import ConfigError

_SHORTEST_TOKEN_BYTES = 32  # shorter tokens might be equal by chance
_LONGEST_TOKEN_BYTES = 32 * 1024 - 64  # the gateway's limit for one header, less its name
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
    """What to serve and how.

    - Latency: a response takes `latency_ms`, plus or minus up to `jitter_ms`, drawn from `seed`. Refusals of the
      gateway (401, 403, 404, 429) take none. At most `max_concurrency` requests wait for their latency at a time, the
      others queue in order of arrival: a service with that capacity. None is no limit.
    - Rate: `rps_cap` is in requests per second over all connections, with bursts of `rps_burst`; None is no cap. A
      request above it gets a 429 with `retry_after_s` in Retry-After, unless None. IAM and the metadata service have no
      cap.
    - Time: `clock` returns seconds since the epoch, None is the machine's clock. The emulator's clock is `clock_skew_s`
      ahead of it; every response has its time in the header Date.
    - Memory: `cache_bytes` limits the cache of rendered pages, which is off if there are faults. With `record_requests`
      every request is recorded, without a limit: for tests.
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
        """Raise ConfigError for a number that is out of range."""
        for setting, (minimum, maximum) in _BOUNDS.items():
            value = getattr(self, setting)
            if value is not None and not minimum <= value <= maximum:
                bound = f"at least {minimum}" if not value >= minimum else f"at most {maximum}"
                raise ConfigError(f"{setting} must be {bound}, not {value}", setting=setting)
        if self.rps_cap is not None and not self.rps_cap > 0:
            raise ConfigError(f"rps_cap must be above 0, not {self.rps_cap}", setting="rps_cap")
