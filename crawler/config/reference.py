"""Every setting in words, for the generated page docs/reference/config.md (pure)."""

from typing import Literal, NamedTuple

from crawler.config.settings import SETTINGS, Setting


class SettingReference(NamedTuple):
    """One setting in words. Each field is plain text; a field that does not apply is empty.

    name    the key in the configuration file
    table   where the file holds it: "target" may stand in each [[target]] and, as their default, in [crawl]
    kind    the type of its value: integer, number, boolean, choice, text, secret reference, list of ... values
    range   the values of that type that are accepted
    unit    the unit of a number, such as s or bytes
    default the default as the environment variable would spell it, "not set" for none
    flag    the flag, `--on/--off` for a pair; a secret has none
    variable the environment variable; that of a secret holds the secret itself, not a reference
    help    what it means, in one line without a full stop
    secret  whether the file holds a reference to a secret
    """

    name: str
    table: Literal["crawl", "target", "audit"]
    kind: str
    range: str
    unit: str
    default: str
    flag: str
    variable: str
    help: str
    secret: bool


def reference() -> tuple[SettingReference, ...]:
    """Return the reference of every setting, in the order of the table of settings."""
    return tuple(map(_reference, SETTINGS.values()))


def _reference(setting: Setting) -> SettingReference:
    return SettingReference(
        name=setting.name,
        table="target" if setting.of_target else setting.table,
        kind=setting.kind.type_name,
        range=setting.kind.range,
        unit=setting.unit,
        default=setting.kind.show(setting.default),
        flag=setting.flag,
        variable=setting.environment,
        help=setting.help,
        secret=setting.secret,
    )
