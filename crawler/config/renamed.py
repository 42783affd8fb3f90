"""The old spellings of names, and their new ones (pure)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

RENAMED_FLAGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "--confirm": "--double-read",
        "--no-confirm": "--no-double-read",
        "--at-once": "--max-concurrency",
        "--beyond-limit": "--over-limit",
        "--even": "--uniform",
    }
)
