"""The rule for names of namespaces (organizations), and the patterns that choose among them (pure)."""

import re


def namespace(text: str) -> str | None:
    """Give `text` if it is an organization name, else None.

    1 to 64 of a-z 0-9 . _ -, first a letter, last a letter or digit, separators not adjacent except `__`
    and runs of hyphens (api/list-shared-images.txt, table 1, and FACTS 1.1 for the hyphens).
    """
    fits = re.fullmatch(r"(?=.{1,64}\Z)[a-z][a-z0-9]*(?:(?:\.|__?|-+)[a-z0-9]+)*", text)
    return text if fits else None


def pattern(text: str) -> str | None:
    """Give `text` if it is a pattern of namespaces, else None.

    Globs with * ? and [...]; `!` before one, or before a plain name, takes out what it matches. What could
    match no namespace, as with capitals or a bracket left open, is no pattern: it would be a silent nothing.
    """
    fits = re.fullmatch(r"(!)?(?:[a-z0-9._*?-]|\[!?[a-z0-9._-]+\]){1,64}", text)
    return text if fits and (fits[1] or re.search(r"[*?[]", text)) else None


def namespace_or_pattern(text: str) -> str | None:
    """Give `text` if it is a `namespace` or a `pattern`, else None."""
    return namespace(text) or pattern(text)
