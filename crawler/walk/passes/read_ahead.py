"""How far a pass may read ahead of what its pages prove (pure).

A declared total may be any number, and a service may declare a huge one by mistake. So windows are requested only up
to an offset that the pages read so far justify: `READ_AHEAD_WINDOWS` windows, and two more for each window's worth of
keys. The bound depends on the set of settled windows alone. Neither the order of the responses nor a resume changes it.
"""

from typing import Final

READ_AHEAD_WINDOWS: Final = 16


def read_ahead_end(limit: int, keys: int, first_total: int) -> int:
    """Return the offset up to which windows of `limit` items may be requested when `keys` different keys were read.

    `first_total` is the total that the pass declared first, 0 without one.
    """
    return min(limit * (READ_AHEAD_WINDOWS + -(-2 * keys // limit)), growth_end(limit, first_total))


def growth_end(limit: int, first_total: int) -> int:
    """Return the offset at which a pass ends whose total keeps growing.

    Such a pass proves nothing any more, and rows may arrive as fast as it reads.
    """
    return max(limit * READ_AHEAD_WINDOWS, 2 * first_total)
