"""Which snapshots are kept (pure): the table `[retention]`, and the flags of `prune`."""

import msgspec


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """The table `[retention]` of the configuration. `Config.retention` is the one in force; `Retention()` has no rule.

    Meanings and ranges are in `crawler.config.settings.table.SETTINGS`. 0 and None: no such rule. What they keep
    together is in `crawler/snapshot/history/retention.py`.
    """

    keep_last: int = 0
    keep_daily: int = 0
    keep_weekly: int = 0
    keep_monthly: int = 0
    keep_within: str | None = None

    @property
    def has_rule(self) -> bool:
        """Whether there is a rule, without which nothing is removed."""
        return self != Retention()
