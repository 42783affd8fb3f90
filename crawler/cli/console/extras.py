"""Checks for libraries that only some commands need, which are installed as an extra."""

from importlib.util import find_spec

from crawler.errors import UsageError


def require_extra(extra: str, *libraries: str) -> None:
    """Raise UsageError unless the libraries of an extra (pyproject.toml) can be imported, by their import names."""
    missing = [library for library in libraries if find_spec(library) is None]
    if missing:
        raise UsageError(f"{missing[0]} is not installed; pip install 'swr-crawler[{extra}]' installs it")
