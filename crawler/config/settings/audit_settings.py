"""The settings of an audit: the table `[audit]`, and the keys of each `[[audit.suppress]]`."""

from typing import Final

from crawler.config.settings.kinds import Choice, Day, Integer, Text
from crawler.config.settings.lists import ListOf
from crawler.config.settings.names import glob_pattern, printable
from crawler.config.settings.setting import Setting, declare
from crawler.model.audit_rules import SEVERITIES, yielding_rule_id

_RULE: Final = Text("a rule that can be disabled, such as SWR201 or not-updated", yielding_rule_id)
_GLOB: Final = Text("a pattern of 1 to 256 printable characters, with the wildcards * ? and [...]", glob_pattern)
_REASON: Final = Text("a reason, one line of printable characters", printable)
_GLOBS: Final = ListOf(_GLOB)
_RECORDS: Final = Integer(1, 10**9)
_BYTES: Final = Integer(1, 2**50)

AUDIT_SETTINGS: Final = declare(
    "audit",
    Setting("fail_on", Choice(SEVERITIES, none="never"), "error", flag_of="audit"),
    "minimum severity of a finding that makes the exit code 1",
    Setting("disabled_rules", ListOf(_RULE), (), formerly="off"),
    "rules that are disabled",
    Setting("allowed_domains", _GLOBS, ()),
    "domains (accounts) that may share; empty: any",
    Setting("allowed_namespaces", _GLOBS, ()),
    "namespaces that may be shared; empty: any",
    Setting("allowed_categories", _GLOBS, ()),
    "categories that may be used; empty: any",
    Setting("max_age_days", Integer(1, 36500, none="unlimited"), 365, "days"),
    "maximum time since the last update, measured at the end of the crawl",
    Setting("max_size_bytes", Integer(1, 2**50, none="unlimited"), 10 * 2**30, "bytes"),
    "maximum size of a repository",
    Setting("max_growth_percent", Integer(0, 1_000_000, none="unlimited"), 50, "percent"),
    "maximum growth of a center or namespace since the previous snapshot",
    Setting("min_growth_records", _RECORDS, 100, "repositories"),
    "growth by fewer repositories is not sudden, whatever its percentage",
    Setting("min_growth_bytes", _BYTES, 10 * 2**30, "bytes"),
    "growth by fewer bytes is not sudden, whatever its percentage",
    Setting("max_shrink_percent", Integer(0, 100), 50, "percent"),
    "maximum shrinkage of a center or namespace since the previous snapshot; 100: unlimited",
    Setting("min_shrink_records", _RECORDS, 10, "repositories"),
    "shrinkage by fewer repositories is not sudden, whatever its percentage, unless a center lost all it held",
    Setting("min_shrink_bytes", _BYTES, 10 * 2**30, "bytes"),
    "shrinkage by fewer bytes is not sudden, whatever its percentage",
)
SUPPRESSION_KEYS: Final = declare(
    "audit.suppress",
    Setting("rule", _RULE, file_only=True, required=True),
    "rule whose findings are suppressed, by id or name",
    Setting("reason", _REASON, file_only=True, required=True),
    "reason for the suppression",
    Setting("expires", Day(), file_only=True, required=True, formerly="until"),
    "last day of the suppression (UTC), compared with the end of the crawl",
    Setting("domain", _GLOB, file_only=True),
    "pattern of the domains (accounts); not set: any",
    Setting("namespace", _GLOB, file_only=True),
    "pattern of the namespaces; not set: any",
    Setting("name", _GLOB, file_only=True),
    "pattern of the repositories' names; not set: any",
)
