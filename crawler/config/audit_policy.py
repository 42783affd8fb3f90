"""The policy of an audit (pure): bounds, lists of what is allowed, disabled rules, suppressions."""

from datetime import date

import msgspec

from crawler.model.audit_rules import Severity


class Suppression(msgspec.Struct, frozen=True, kw_only=True):
    """Suppresses the findings of one rule where all three patterns match, to the end of the day `expires` (UTC).

    Patterns are case-sensitive globs (* ? [...]). A missing domain, namespace or name is matched as empty text.
    """

    rule: str
    reason: str
    expires: date
    domain: str = "*"
    namespace: str = "*"
    name: str = "*"

    def __str__(self) -> str:
        """Return the rule and the patterns that narrow it, by which a user finds the suppression in the file."""
        narrowed = (("domain", self.domain), ("namespace", self.namespace), ("name", self.name))
        return " ".join([self.rule, *(f"{key}={pattern}" for key, pattern in narrowed if pattern != "*")])


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """The table `[audit]` of the configuration. `Config.audit` is the one in force, `Policy()` has the defaults.

    Meanings, units and ranges are in `crawler.config.settings.table.SETTINGS`. None: unlimited, or for `fail_on`
    never. An empty list of what is allowed allows everything.
    """

    disabled_rules: tuple[str, ...] = ()
    fail_on: Severity | None = "error"
    allowed_domains: tuple[str, ...] = ()
    allowed_namespaces: tuple[str, ...] = ()
    allowed_categories: tuple[str, ...] = ()
    max_age_days: int | None = 365
    max_size_bytes: int | None = 10_737_418_240
    max_growth_percent: int | None = 50
    min_growth_records: int = 100
    min_growth_bytes: int = 10_737_418_240
    max_shrink_percent: int = 50
    min_shrink_records: int = 10
    min_shrink_bytes: int = 10_737_418_240
    suppressions: tuple[Suppression, ...] = ()
