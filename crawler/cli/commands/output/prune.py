"""`swr-crawler prune` after its flags are read: what is removed, what is kept and why, and the exit code."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from crawler.cli.console.exit_status import SUCCESS
from crawler.cli.console.output import print_lines, print_table, say
from crawler.config.retention import Retention
from crawler.errors import UsageError
from crawler.snapshot.history.retention import Pruned
from crawler.store.retention.prune import PruneEntry, plan_prune, prune
from crawler.text.human import count, counted, shortened, size

_COLUMNS: Final = ("", "snapshot", "started", "status", "records", "size", "why it is kept")
_LONGEST_REASON: Final = 200


def prune_output(
    output: Path, rules: Retention, now: datetime | None = None, *, dry_run: bool = False, as_json: bool = False
) -> int:
    """Remove the snapshots that no rule keeps, print what becomes of each, return 0. `now` is in UTC.

    With `dry_run` nothing is changed and no lock is taken. Raises UsageError when there is no rule, and as `prune`.
    """
    if not rules.has_rule:
        flags = "--keep-last N, --keep-daily N, --keep-weekly N, --keep-monthly N or --keep-within TIME"
        raise UsageError(f"nothing says what to keep, so nothing is removed; give {flags}, or [retention] in the file")
    now = now or datetime.now(UTC)
    if dry_run:
        entries = plan_prune(output, rules, now)
        to_remove = [one for one in reversed(entries) if one.action == "remove"]
        ended = Pruned(
            removed=tuple(one.snapshot for one in to_remove),
            bytes=sum(one.bytes or 0 for one in to_remove),
            kept=len(entries) - len(to_remove),
        )
    else:
        entries, ended = prune(output, rules, now)
    if as_json:
        print_lines(_lines(entries, ended, dry_run=dry_run))
    else:
        _print(entries, ended, output, dry_run=dry_run)
    return SUCCESS


def _lines(entries: Sequence[PruneEntry], ended: Pruned, *, dry_run: bool) -> Iterator[bytes]:
    encode = msgspec.json.Encoder().encode
    yield from map(encode, entries)
    yield encode(
        {
            "action": "summary",
            "dry_run": dry_run,
            "removed": len(ended.removed),
            "kept": ended.kept,
            "bytes": ended.bytes,
            "left": ended.left,
        }
    )


def _print(entries: Sequence[PruneEntry], ended: Pruned, output: Path, *, dry_run: bool) -> None:
    if not entries:
        say(f"there is no snapshot in {output}")
        return
    print_table(_COLUMNS, map(_row, entries), right=frozenset({4, 5}))
    verb = "would be removed" if dry_run else "removed"
    say(f"{counted(len(ended.removed), 'snapshot')} {verb}, {size(ended.bytes)}; {count(ended.kept or 0)} kept")


def _row(one: PruneEntry) -> tuple[str, ...]:
    return (
        one.action,
        one.snapshot,
        "unknown" if one.started_at is None else f"{one.started_at[:19]}Z",
        one.status,
        "unknown" if one.records is None else count(one.records),
        "unknown" if one.bytes is None else size(one.bytes),
        shortened(", ".join(one.reasons), _LONGEST_REASON),
    )
