"""Why a crawl stopped (pure)."""

from typing import Literal, NamedTuple


class StopReason(NamedTuple):
    """Why a crawl stopped: it was done, a signal came, or `max_duration` was over."""

    kind: Literal["done", "signal", "deadline"]
    signal_number: int = 0
