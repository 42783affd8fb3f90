"""`swr-crawler prune` after its flags are read: what is removed, what is kept and why, and the exit code."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from crawler.cli.commands.output.cells import began, counted_or_unknown, in_a_cell, size_or_unknown
from crawler.cli.console.exit_status import SUCCESS
from crawler.cli.console.output import print_lines, print_table, say
from crawler.config.retention import Retention
from crawler.errors import UsageError
from crawler.snapshot.history.retention import Pruned
from crawler.store.retention.prune import PruneEntry, plan_prune, planned_removal, prune
from crawler.text.human import count, counted, size

_COLUMNS: Final = ("", "snapshot", "started", "status", "records", "size", "why it is kept")


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
        ended = planned_removal(entries)
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
        began(one.started_at),
        one.status,
        counted_or_unknown(one.records),
        size_or_unknown(one.bytes),
        in_a_cell(", ".join(one.reasons)),
    )
