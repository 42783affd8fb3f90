"""The settings of an emulator, checked (pure). They include its credentials (crawler/emulator/auth/identity.py)."""

from collections.abc import Callable
from dataclasses import dataclass, fields

from crawler.emulator.auth.identity import Identity
from crawler.emulator.faults.fault import Fault
from crawler.emulator.fields.option import MAX_NUMBER, check_number, option
from crawler.emulator.http.query import OverLimit, PairRule
from crawler.emulator.inventory.center_rows import Inventory
from crawler.emulator.service.config import NamespaceCounts


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
    port: int = option(0, "0 takes a free one.", low=0, high=65_535)
    default_limit: int = option(100, "Page size without a limit.", low=1)
    max_limit: int = option(1000, "Largest page size.", low=1)
    over_limit: OverLimit = option("clamp", "Answer to a larger limit: the largest page, or 400.")
    pair_rule: PairRule = option("refuse", "Answer to a limit without an offset.")
    namespace_counts: NamespaceCounts = option("mixed", "Whether namespaces have their number of repositories.")
    latency_ms: float = option(0.0, "Delay of each response.", low=0)
    jitter_ms: float = option(0.0, "Delays differ by up to this.", low=0)
    max_concurrency: int | None = option(None, "Requests that are served at a time.", low=1)
    seed: int = 0
    rps_cap: float | None = option(None, "429 beyond this rate.", low=0, above=True)
    rps_burst: int = option(10, "Requests allowed in a burst.", low=1)
    retry_after_s: int | None = option(None, "Seconds in the Retry-After of a 429.", low=0)
    clock: Callable[[], float] | None = None
    clock_skew_s: float = option(0.0, "Seconds that the clock is ahead.", low=-MAX_NUMBER)
    faults: tuple[Fault, ...] = ()
    cache_bytes: int = option(512 * 1024 * 1024, low=0, high=None)
    record_requests: bool = False

    def __post_init__(self) -> None:
        """Raise ConfigError for a number that is out of range."""
        for one in fields(self):
            check_number(one, getattr(self, one.name))
