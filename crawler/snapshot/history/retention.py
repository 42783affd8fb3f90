"""Decides which snapshots of an output are kept (pure).

The words and the rules are those of `restic forget`: each rule keeps some of the complete snapshots, and what any rule
keeps is kept.

- `keep_last`: the newest ones, so many.
- `keep_daily`, `keep_weekly`, `keep_monthly`: the newest one of each of the last so many days, ISO weeks, months that
  have one. A day without a snapshot does not count. Days are those of UTC, by the time at which the run began.
- `keep_within`: those that began at most so long before the newest one, and not before now: an output that nothing is
  added to any more loses nothing.
- The newest complete one is always kept, and so is what is `pinned`.
- One that is not complete is evidence of what failed, and counts for no rule. It is kept while it is newer than the
  oldest complete one that is kept, and all of them are while there is no complete one.

Unlike restic the oldest snapshot is not kept beside these while a rule finds fewer snapshots than it may keep.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final, NamedTuple

from crawler.config.retention import Retention

_NOTHING: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({})
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
_MONTHS: Final = 12


class DatedSnapshot(NamedTuple):
    """A snapshot by its id, when its run began (UTC), and whether it is complete."""

    snapshot: str
    started_at: datetime
    is_complete: bool

    @property
    def age(self) -> tuple[datetime, str]:
        """Return what sorts snapshots from the oldest to the newest."""
        return self.started_at, self.snapshot


class Pruned(NamedTuple):
    """What was removed, the oldest first, the bytes of that, and how many snapshots are kept; None: it is not known.

    `left` names what is left of earlier removals since this program did not write it. `failure` says why a removal
    stopped, "" for one that ended.
    """

    removed: tuple[str, ...] = ()
    bytes: int = 0
    kept: int | None = None
    left: tuple[str, ...] = ()
    failure: str = ""


def keep(
    snapshots: Iterable[DatedSnapshot], rules: Retention, pinned: Mapping[str, Sequence[str]] = _NOTHING
) -> dict[str, tuple[str, ...]]:
    """Return the ids of the snapshots that are kept, the newest first, each with the reasons.

    `pinned` has the ids that are kept whatever the rules say, with why.
    """
    in_order = sorted(snapshots, key=lambda one: one.age, reverse=True)
    complete = [one for one in in_order if one.is_complete]
    reasons: dict[str, list[str]] = {one.snapshot: [*pinned.get(one.snapshot, ())] for one in in_order}
    for snapshot, reason in _kept_by_rules(complete, rules):
        reasons[snapshot].append(reason)
    oldest = min((one.age for one in complete if reasons[one.snapshot]), default=None)
    for one in in_order:
        if not one.is_complete and (oldest is None or one.age > oldest):
            why = "no snapshot is complete" if oldest is None else "newer than the oldest complete one that is kept"
            reasons[one.snapshot].append(why)
    return {snapshot: tuple(why) for snapshot, why in reasons.items() if why}


def _kept_by_rules(complete: Sequence[DatedSnapshot], rules: Retention) -> Iterator[tuple[str, str]]:
    """Yield the ids that each rule keeps, with the reason; `complete` has the newest first."""
    if not complete:
        return
    yield complete[0].snapshot, "newest complete"
    yield from ((one.snapshot, "last") for one in complete[: rules.keep_last])
    yield from _newest_of_each(complete, rules.keep_daily, lambda day: f"daily {day:%Y-%m-%d}")
    yield from _newest_of_each(complete, rules.keep_weekly, _week)
    yield from _newest_of_each(complete, rules.keep_monthly, lambda day: f"monthly {day:%Y-%m}")
    if rules.keep_within is not None:
        begin = before(complete[0].started_at, rules.keep_within)
        yield from ((one.snapshot, f"within {rules.keep_within}") for one in complete if one.started_at >= begin)


def _week(day: datetime) -> str:
    year, week, _ = day.isocalendar()
    return f"weekly {year}-W{week:02}"


def _newest_of_each(
    complete: Sequence[DatedSnapshot], number: int, period_of: Callable[[datetime], str]
) -> Iterator[tuple[str, str]]:
    """Yield the newest snapshot of each of the last `number` periods that have one, with the period as the reason."""
    newest: dict[str, str] = {}
    for one in complete:
        period = period_of(one.started_at)
        if period not in newest:
            if len(newest) == number:
                break
            newest[period] = one.snapshot
    yield from ((snapshot, period) for period, snapshot in newest.items())


def before(moment: datetime, span: str) -> datetime:
    """Return the moment a time before another one; `span` is as `crawler.config.settings.names.time_span` accepts it.

    Years and months are those of the calendar: a month before 31 March is 28 or 29 February. Where the calendar ends,
    it is the earliest moment of all.
    """
    given = {unit: int(number) for number, unit in re.findall(r"([0-9]+)([ymdh])", span)}
    months = moment.year * _MONTHS + moment.month - 1 - given.get("y", 0) * _MONTHS - given.get("m", 0)
    year, month = divmod(months, _MONTHS)
    try:
        day = min(moment.day, monthrange(year, month + 1)[1])
        start = moment.replace(year=year, month=month + 1, day=day)
        return start - timedelta(days=given.get("d", 0), hours=given.get("h", 0))
    except (ValueError, OverflowError):
        return _EARLIEST
