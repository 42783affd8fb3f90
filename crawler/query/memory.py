"""Bounds the memory of this process while a query runs.

DuckDB counts the memory of its tables against its limit, but not the texts and lists of the rows on their way out. They
come 2048 at a time: of a megabyte each they are 2 GB, whatever the limit. So the system refuses more; DuckDB and Python
report that as an error, and the process lives.
"""

import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from crawler.errors import UsageError
from crawler.text.human import excerpt

RESULT_BYTES: Final = 2**29  # for rows on their way out, beside DuckDB's own limit

# DuckDB takes a negative number, or `none`, for no limit, and refuses some spellings late: it gets a plain size only.
_SIZE: Final = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?) ?([kmgt]i?b|%)", re.IGNORECASE)
_FACTORS: Final = {
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "tb": 10**12,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
    "tib": 2**40,
}
_LEAST_BYTES: Final = 10**6
_MOST_BYTES: Final = 10**15
_WHOLE: Final = 100  # percent
_SHOWN: Final = 60  # characters of a wrong size

_UNITS: Final = {"bytes": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40, "PiB": 2**50}


def memory_limit(text: str) -> str:
    """Return a size (`1GB`, `1.5 GiB`) or a share of the machine's memory (`70%`) in DuckDB's notation.

    Raises UsageError for other text, and for a size below 1MB or above 1000TB.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is not None:
        number, unit = float(match[1]), match[2].lower()
        if unit == "%" and 0 < number <= _WHOLE:
            return f"{match[1]}%"
        size = int(number * _FACTORS.get(unit, 0))
        if _LEAST_BYTES <= size <= _MOST_BYTES:
            return f"{size}B"
    raise UsageError(
        f"--memory: {excerpt(text, _SHOWN)} is no size from 1MB to 1000TB; write it as 1GB or 512MiB, or as"
        " a share of the machine's memory, such as 70%"
    )


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
