"""What the declaration of a setting consists of."""

from typing import Literal, NamedTuple

from crawler.config.settings.kinds import Kind


class Setting(NamedTuple):
    """One declaration. `name` is the field of Config, Target or Policy, and the key in the file.

    `default` is in normal form. `variable` is the environment variable. `unit` is empty for a value without one.
    `flag` is empty for a setting without a flag, `--on/--off` for a pair. `per_target` when a `[[target]]` may have
    its own value. `secret` when the file holds a reference, and the variable the secret itself; the loader never
    reads secrets. `table` is the table of the file that holds the key.
    """

    name: str
    kind: Kind
    default: object
    help: str
    variable: str
    unit: str = ""
    flag: str = ""
    per_target: bool = False
    secret: bool = False
    table: Literal["crawl", "audit"] = "crawl"

    @property
    def label(self) -> str:
        """Return the name by which all sources know it: a name outside `[crawl]` has its table in front.

        `[crawl]` and `[audit]` may have a key of the same name.
        """
        return self.name if self.table == "crawl" else f"{self.table}.{self.name}"


class FileKey(NamedTuple):
    """A key that only the configuration file has: it has no flag, no environment variable and no default.

    `table` is the table of the file without brackets. `required` when each such table must have the key.
    """

    name: str
    table: Literal["target", "audit.suppress"]
    kind: Kind
    help: str
    required: bool = False
