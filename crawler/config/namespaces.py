"""Namespaces that a user names: the patterns that choose among them, and the file that lists them (pure)."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from crawler.config.settings.lists import EVERY
from crawler.config.settings.run_settings import NAMESPACE
from crawler.config.sources import SettingSource, normalize
from crawler.errors import ConfigError


def filter_names(patterns: Iterable[str], names: Iterable[str]) -> tuple[str, ...]:
    """Return those of `names` that `patterns` select, in the order of `names`, each once.

    A name is selected when it matches a pattern without `!` and no pattern with one, in whatever order they are.
    When no pattern is without `!`, every name matches; so it does without patterns.
    """
    patterns = tuple(patterns)
    includes = [text for text in patterns if not text.startswith("!")] or [EVERY]
    excludes = [text.removeprefix("!") for text in patterns if text.startswith("!")]
    return tuple(
        name
        for name in dict.fromkeys(names)
        if any(fnmatchcase(name, text) for text in includes) and not any(fnmatchcase(name, text) for text in excludes)
    )


def parse_namespaces(text: str, file_name: str) -> tuple[str, ...]:
    """Return the namespaces and patterns in the text of a file, one a line, in its order, without repetitions.

    `#` begins a comment; blank lines are skipped. Messages call the file `file_name`. Raise ConfigError with the line
    of the first text that is not a namespace, and for a file without any: an empty list would mean every namespace.
    """
    found = []
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        if name := line.partition("#")[0].strip():
            source = SettingSource(f"file {file_name}", f"{file_name}, line {number}", "--namespaces-file")
            found.append(str(normalize(NAMESPACE.normalize, name, source)))
    if not found:
        raise ConfigError(
            f"{file_name}: holds no namespace; write one a line, or remove --namespaces-file to crawl all",
            setting="--namespaces-file",
        )
    return tuple(dict.fromkeys(found))
