"""Every setting in words, for the generated page docs/reference/config.md (pure)."""

from typing import Literal, NamedTuple

from crawler.config.settings.audit_settings import SUPPRESSION_KEYS
from crawler.config.settings.setting import FileKey, Setting
from crawler.config.settings.table import SETTINGS
from crawler.config.settings.target_settings import TARGET_NAME


class SettingReference(NamedTuple):
    """One setting in words. Each field is plain text; a field that does not apply is empty.

    name      the key in the configuration file
    table     where the file holds it; "target" may stand in each [[target]] and, for all targets, in [crawl]
    kind      the type of its value: integer, number, boolean, choice, text, secret reference, list of ... values
    range     the values of that type that are accepted
    unit      the unit of a number, such as s or bytes
    default   the default as the environment variable spells it, "not set" for none
    flag      the flag, `--on/--off` for a pair; a secret has none
    variable  the environment variable; that of a secret holds the secret itself, not a reference
    help      what it means, in one line without a full stop
    secret    whether the file holds a reference to a secret
    """

    name: str
    table: Literal["crawl", "target", "audit", "audit.suppress"]
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
    return tuple(map(_setting, SETTINGS.values()))


def file_only_reference() -> tuple[SettingReference, ...]:
    """Return the reference of the keys that only the file has: the name of a `[[target]]`, and `[[audit.suppress]]`.

    They have neither a flag nor a variable; the default of a key that its table must have is "required".
    """
    return tuple(map(_file_key, (TARGET_NAME, *SUPPRESSION_KEYS)))


def _setting(setting: Setting) -> SettingReference:
    return SettingReference(
        name=setting.name,
        table="target" if setting.per_target else setting.table,
        kind=setting.kind.type_name,
        range=setting.kind.range,
        unit=setting.unit,
        default=setting.kind.to_text(setting.default),
        flag=setting.flag,
        variable=setting.variable,
        help=setting.help,
        secret=setting.secret,
    )


def _file_key(key: FileKey) -> SettingReference:
    return SettingReference(
        name=key.name,
        table=key.table,
        kind=key.kind.type_name,
        range=key.kind.range,
        unit="",
        default="required" if key.required else "not set",
        flag="",
        variable="",
        help=key.help,
        secret=False,
    )
