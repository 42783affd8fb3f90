"""Old names of settings: the loader and the command line refuse each and name the new one (pure).

The names changed before version 0.1.0. An old name is refused, and not accepted as an alias, because a file would
otherwise depend on it for ever.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

# By the header of the table in the file.
RENAMED_KEYS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "[crawl]": MappingProxyType(
            {
                "confirm": "double_read",
                "body_bytes": "max_body_bytes",
                "part_bytes": "max_part_bytes",
                "resume_within_s": "resume_max_age_s",
            }
        ),
        "[audit]": MappingProxyType({"off": "disabled_rules"}),
        "[[audit.suppress]]": MappingProxyType({"until": "expires"}),
    }
)
RENAMED_VARIABLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "SWR_CRAWLER_CONFIRM": "SWR_CRAWLER_DOUBLE_READ",
        "SWR_CRAWLER_BODY_BYTES": "SWR_CRAWLER_MAX_BODY_BYTES",
        "SWR_CRAWLER_PART_BYTES": "SWR_CRAWLER_MAX_PART_BYTES",
        "SWR_CRAWLER_RESUME_WITHIN": "SWR_CRAWLER_RESUME_MAX_AGE",
        "SWR_CRAWLER_AUDIT_OFF": "SWR_CRAWLER_AUDIT_DISABLED_RULES",
    }
)
# Of the crawler's commands and of `emulate`.
RENAMED_FLAGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "--confirm": "--double-read",
        "--no-confirm": "--no-double-read",
        "--at-once": "--max-concurrency",
        "--beyond-limit": "--over-limit",
        "--even": "--uniform",
    }
)


def renamed(old: str, new: str) -> str:
    """Return the sentence that tells a user the new name."""
    return f"{old} is now called {new}"
