"""The settings of an audit: the table `[audit]`, and the keys of each `[[audit.suppress]]`."""

from typing import Final

from crawler.config.settings.kinds import Choice, Day, Integer, Kind, Text
from crawler.config.settings.lists import ListOf
from crawler.config.settings.names import glob_pattern, printable
from crawler.config.settings.setting import FileKey, Setting
from crawler.config.settings.variables import PREFIX
from crawler.model.audit_rules import SEVERITIES, yielding_rule_id

_RULE: Final = Text(description="a rule that can be disabled, such as SWR201 or not-updated", rule=yielding_rule_id)
_GLOB: Final = Text(
    description="a pattern of 1 to 256 printable characters, with the wildcards * ? and [...]", rule=glob_pattern
)


def _audit(name: str, kind: Kind, default: object, help: str, unit: str = "", flag: str = "") -> Setting:  # noqa: A002 - as the field is called
    """Return the declaration of a setting of `[audit]`."""
    variable = f"{PREFIX}AUDIT_{name.upper()}"
    return Setting(
        name=name, kind=kind, default=default, help=help, unit=unit, flag=flag, variable=variable, table="audit"
    )


AUDIT_SETTINGS: Final = (
    _audit(
        "fail_on",
        Choice(words=SEVERITIES, none="never"),
        "error",
        "minimum severity of a finding that makes the exit code 1",
        flag="--fail-on",
    ),
    _audit("disabled_rules", ListOf(item=_RULE), (), "rules that are disabled"),
    _audit("allowed_domains", ListOf(item=_GLOB), (), "domains (accounts) that may share; empty: any"),
    _audit("allowed_namespaces", ListOf(item=_GLOB), (), "namespaces that may be shared; empty: any"),
    _audit("allowed_categories", ListOf(item=_GLOB), (), "categories that may be used; empty: any"),
    _audit(
        "max_age_days",
        Integer(low=1, high=36500, none="unlimited"),
        365,
        "maximum time since the last update, measured at the end of the crawl",
        "days",
    ),
    _audit(
        "max_size_bytes",
        Integer(low=1, high=2**50, none="unlimited"),
        10 * 2**30,
        "maximum size of a repository",
        "bytes",
    ),
    _audit(
        "max_growth_percent",
        Integer(low=0, high=1_000_000, none="unlimited"),
        50,
        "maximum growth of a center or namespace since the previous snapshot",
        "percent",
    ),
    _audit(
        "min_growth_records",
        Integer(low=1, high=10**9),
        100,
        "growth by fewer repositories is not sudden, whatever its percentage",
        "repositories",
    ),
    _audit(
        "min_growth_bytes",
        Integer(low=1, high=2**50),
        10 * 2**30,
        "growth by fewer bytes is not sudden, whatever its percentage",
        "bytes",
    ),
    _audit(
        "max_shrink_percent",
        Integer(low=0, high=100),
        50,
        "maximum shrinkage of a center or namespace since the previous snapshot; 100: unlimited",
        "percent",
    ),
    _audit(
        "min_shrink_records",
        Integer(low=1, high=10**9),
        10,
        "shrinkage by fewer repositories is not sudden, whatever its percentage, unless a center lost all it held",
        "repositories",
    ),
    _audit(
        "min_shrink_bytes",
        Integer(low=1, high=2**50),
        10 * 2**30,
        "shrinkage by fewer bytes is not sudden, whatever its percentage",
        "bytes",
    ),
)

_SUPPRESSION: Final = (
    ("rule", _RULE, "rule whose findings are suppressed, by id or name", True),
    (
        "reason",
        Text(description="a reason, one line of printable characters", rule=printable),
        "reason for the suppression",
        True,
    ),
    (
        "expires",
        Day(),
        "last day of the suppression (UTC), compared with the end of the crawl",
        True,
    ),
    ("domain", _GLOB, "pattern of the domains (accounts); not set: any", False),
    ("namespace", _GLOB, "pattern of the namespaces; not set: any", False),
    ("name", _GLOB, "pattern of the repositories' names; not set: any", False),
)
SUPPRESSION_KEYS: Final = tuple(
    FileKey(name=name, table="audit.suppress", kind=kind, help=text, required=required)
    for name, kind, text, required in _SUPPRESSION
)
