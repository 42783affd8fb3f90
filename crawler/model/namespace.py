"""The rule for names of namespaces (organizations), and the patterns that select namespaces (pure).

Source: docs/reference/swr-api.md#namespace-name-rule, #namespace-hyphens.
"""

import re


def namespace(text: str) -> str | None:
    """Return `text` if it is a valid name of an organization, else None.

    It has 1 to 64 characters of a-z 0-9 . _ -, starts with a letter and ends with a letter or digit. Separators are not
    adjacent, except `__` and runs of hyphens.
    """
    fits = re.fullmatch(r"(?=.{1,64}\Z)[a-z][a-z0-9]*(?:(?:\.|__?|-+)[a-z0-9]+)*", text)
    return text if fits else None


def pattern(text: str) -> str | None:
    """Return `text` if it is a pattern of namespaces, else None.

    A pattern is a glob with * ? and [...]; `!` before a glob or a plain name excludes what it matches. Text that cannot
    match any namespace, such as capitals or an open bracket, is no pattern: it would silently select nothing.
    """
    fits = re.fullmatch(r"(!)?(?:[a-z0-9._*?-]|\[!?[a-z0-9._-]+\]){1,64}", text)
    return text if fits and (fits[1] or re.search(r"[*?[]", text)) else None


def namespace_or_pattern(text: str) -> str | None:
    """Return `text` if it is a `namespace` or a `pattern`, else None."""
    return namespace(text) or pattern(text)
