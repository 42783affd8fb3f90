"""The rules for names and other short text: each returns the text when it obeys the rule, else None.

Source: docs/reference/swr-api.md#repository-name-rule (the length of a pattern), #project-id-header.
"""

import re

_MAX_GLOB_LENGTH = 256  # characters: twice the length of a repository's name (swr-api.md#repository-name-rule)


def snapshot_id(text: str) -> str | None:
    """Return `text` if it can name a snapshot, else None. The id becomes a folder: no separator, no leading dot."""
    return text if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", text) else None


def target_name(text: str) -> str | None:
    """Return `text` if it can name a target, else None.

    The name becomes a folder, so that it must be unique on file systems that ignore case: no capitals.
    """
    return text if re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", text) else None


def printable(text: str) -> str | None:
    """Return `text` if it is not empty and holds only printable characters, else None."""
    return text if text and text.isprintable() else None


def glob_pattern(text: str) -> str | None:
    """Return `text` if it can be a pattern of names, else None: 1 to 256 printable characters."""
    return text if printable(text) and len(text) <= _MAX_GLOB_LENGTH else None


def time_span(text: str) -> str | None:
    """Return `text` if it is a time in calendar units, such as 1y6m, 90d or 36h, and none of zero; else None."""
    found = re.fullmatch(r"(?:[0-9]{1,3}y)?(?:[0-9]{1,4}m)?(?:[0-9]{1,5}d)?(?:[0-9]{1,6}h)?", text)
    return text if found and re.search("[1-9]", text) else None


def iam_id(text: str) -> str | None:
    """Return `text` if it can be the id of a project, a user or an account, else None.

    That of a project becomes a header (swr-api.md#project-id-header).
    """
    return text if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", text) else None
