"""What the declaration of a setting consists of, and what follows from it: its label, its variable, its flag."""

from typing import Literal, NamedTuple, TypeAlias

from crawler.config.settings.kinds import Boolean, Kind
from crawler.config.settings.variables import PREFIX

Scope: TypeAlias = Literal["target", "crawl", "audit", "audit.suppress", "retention"]
FlagOf: TypeAlias = Literal["", "plan", "crawl", "audit", "prune"]


class Setting(NamedTuple):
    """One declaration. `name` is the field of Config, Target or the like, and the key in the file.

    `default` is in normal form. `unit` is empty for a value without one. `flag_of` is the first command that has the
    flag: those of `plan` belong to `crawl` too; empty for a setting without a flag. `word` names the setting in its
    flag and its variable; empty: its name without a unit of time. `formerly` is its old name, if it had one.

    `scope` is the table of the file that may hold the key; one of a target may also stand in `[crawl]`, for all
    targets. A key that is `file_only` has neither a flag nor a variable; it is `required` when each such table must
    have it. `secret` when the file holds a reference, and the variable the secret itself; the loader never reads
    secrets. `help` says what the setting means, in one line without a full stop.
    """

    name: str
    kind: Kind
    default: object = None
    unit: str = ""
    flag_of: FlagOf = ""
    word: str = ""
    secret: bool = False
    file_only: bool = False
    required: bool = False
    formerly: str = ""
    scope: Scope = "crawl"
    help: str = ""

    @property
    def label(self) -> str:
        """Return the name by which all sources know it: a name outside `[crawl]` has its table in front.

        `[crawl]`, `[audit]` and `[retention]` may have a key of the same name.
        """
        return self.name if self.table == "crawl" else f"{self.table}.{self.name}"

    @property
    def table(self) -> Scope:
        """Return the table of the file that holds the key for the whole run."""
        return "crawl" if self.scope == "target" and not self.file_only else self.scope

    @property
    def variable(self) -> str:
        """Return the environment variable, empty for a key that only the file has."""
        prefix = f"{PREFIX}{self.scope.upper()}_" if self.scope in {"audit", "retention"} else PREFIX
        return "" if self.file_only else prefix + self._word.upper()

    @property
    def flag(self) -> str:
        """Return the flag, `--on/--off` for a pair; empty for a setting without one."""
        word = self._word.replace("_", "-")
        on_off = f"--{word}/--no-{word}" if isinstance(self.kind, Boolean) else f"--{word}"
        return on_off if self.flag_of else ""

    @property
    def default_text(self) -> str:
        """Return the default as the environment variable spells it, `not set` for none."""
        return "required" if self.required else self.kind.to_text(self.default)

    @property
    def _word(self) -> str:
        return self.word or self.name.removesuffix("_per_s").removesuffix("_s")


def declare(scope: Scope, *entries: Setting | str) -> tuple[Setting, ...]:
    """Return the settings in `entries`, each with `scope` and with the help that follows it."""
    declared: list[Setting] = []
    for entry in entries:
        if isinstance(entry, str):
            declared[-1] = declared[-1]._replace(help=entry)
        else:
            declared.append(entry._replace(scope=scope))
    return tuple(declared)
