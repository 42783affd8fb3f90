"""Bounds the memory of this process while a query runs.

DuckDB counts the memory of its tables against its limit, but not the texts and lists of the rows on their way out. They
come 2048 at a time: of a megabyte each they are 2 GB, whatever the limit. So the system refuses more; DuckDB and Python
report that as an error, and the process lives.
"""

import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

RESULT_BYTES: Final = 2**29  # for rows on their way out, beside DuckDB's own limit

_UNITS: Final = {"bytes": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40, "PiB": 2**50}


@contextmanager
def bounded_memory(extra_bytes: int) -> Iterator[None]:
    """Let the process allocate at most `extra_bytes` more than it has; what exceeds that raises MemoryError.

    Without effect where the system does not say what the process has, or already has a lower limit: only Linux does.
    """
    before = resource.getrlimit(resource.RLIMIT_DATA)
    most = _allocated_bytes() + extra_bytes
    lower = before[0] == resource.RLIM_INFINITY or most < before[0]
    if most > extra_bytes and lower:
        resource.setrlimit(resource.RLIMIT_DATA, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def _allocated_bytes() -> int:
    """Return the size of the process's private memory that can be written, as RLIMIT_DATA counts it; 0 if unknown."""
    with suppress(OSError, IndexError, ValueError):
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5]) * resource.getpagesize()
    return 0


def bytes_of(text: str) -> int:
    """Return a size as DuckDB's settings show it (`953.6 MiB`) in bytes. Raises ValueError for other text."""
    number, _, unit = text.partition(" ")
    if unit not in _UNITS:
        raise ValueError(f"no size: {text}")
    return int(float(number) * _UNITS[unit])
