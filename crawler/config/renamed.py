"""Old names of settings: the loader and the command line refuse each and name the new one (pure).

The names changed before version 0.1.0. An old name is refused, and not accepted as an alias, because a file would
otherwise depend on it for ever. A setting declares its old name; its old variable and flag follow.
"""

from collections.abc import Iterator
from typing import Final

from crawler.config.settings.audit_settings import SUPPRESSION_KEYS
from crawler.config.settings.setting import Setting
from crawler.config.settings.table import SETTINGS

_FLAGS_OF_EMULATE: Final = {
    "--at-once": "--max-concurrency",
    "--beyond-limit": "--over-limit",
    "--even": "--uniform",
}


def renamed_keys(table: str) -> dict[str, str]:
    """Return the new keys of a table of the file by their old ones; `table` is without brackets."""
    return {old.name: new.name for old, new in _renamed() if new.table == table}


def renamed_variables() -> dict[str, str]:
    """Return the new variables by their old names."""
    return {old.variable: new.variable for old, new in _renamed() if new.variable}


def renamed_flags() -> dict[str, str]:
    """Return the new flags of all commands by their old names, those of `emulate` too."""
    pairs = [(old.flag.split("/"), new.flag.split("/")) for old, new in _renamed() if new.flag]
    return _FLAGS_OF_EMULATE | {old: new for pair in pairs for old, new in zip(*pair, strict=True)}


def renamed(old: str, new: str) -> str:
    """Return the sentence that tells a user the new name."""
    return f"{old} is now called {new}"


def _renamed() -> Iterator[tuple[Setting, Setting]]:
    """Yield each setting that had another name, as it was and as it is."""
    for setting in (*SETTINGS.values(), *SUPPRESSION_KEYS):
        if setting.formerly:
            yield setting._replace(name=setting.formerly), setting
