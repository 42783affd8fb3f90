"""Why a crawl stopped (pure)."""

from typing import Literal, NamedTuple


class StopReason(NamedTuple):
    """How a crawl ended: of itself, by a signal, or by the longest duration it was given."""

    kind: Literal["done", "signal", "deadline"]
    signal_number: int = 0
