"""`swr-crawler list` after its flags are read: the snapshots and the unfinished runs of an output."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from crawler.cli.commands.output.cells import UNKNOWN, began, counted_or_unknown, in_a_cell, size_or_unknown
from crawler.cli.console.exit_status import SUCCESS
from crawler.cli.console.output import print_lines, print_table, say
from crawler.snapshot.history.listing import ListedSnapshot, list_snapshots
from crawler.snapshot.manifest_values import moment_of
from crawler.store.retention.unfinished import UnfinishedRun, unfinished_runs
from crawler.text.human import duration

_COLUMNS: Final = ("snapshot", "started", "age", "status", "records", "size", "named", "why")
_UNFINISHED: Final = "unfinished"

Listed: TypeAlias = ListedSnapshot | UnfinishedRun


def list_output(output: Path, now: datetime | None = None, *, as_json: bool) -> int:
    """Print the runs that have not ended, then the snapshots, the newest first; return 0. `now` is in UTC."""
    listed: list[Listed] = [*unfinished_runs(output), *list_snapshots(output)]
    now = now or datetime.now(UTC)
    if as_json:
        encode = msgspec.json.Encoder().encode
        print_lines(encode(_fields(one, now)) for one in listed)
        return SUCCESS
    if not listed:
        say(f"there is no snapshot in {output}")
        return SUCCESS
    print_table(_COLUMNS, [_row(one, now) for one in listed], right=frozenset({2, 4, 5}))
    return SUCCESS


def _fields(one: Listed, now: datetime) -> dict[str, object]:
    """Return one line of `--json`; the same keys for a snapshot and for a run."""
    unfinished = {"status": _UNFINISHED, "records": None, "names": (), "holder": ""}
    fields = {**unfinished, **msgspec.structs.asdict(one), "age_s": _age_s(one, now)}
    order = ("snapshot", "status", "started_at", "age_s", "records", "bytes", "names", "path", "holder", "reason")
    return {key: fields[key] for key in order}


def _age_s(one: Listed, now: datetime) -> float | None:
    """Return how long ago it began, in seconds; negative when its clock was ahead of ours, None for no time."""
    return None if one.started_at is None else round((now - moment_of(one.started_at)).total_seconds(), 3)


def _row(one: Listed, now: datetime) -> tuple[str, ...]:
    status, records, names, reason = _of_snapshot(one) if isinstance(one, ListedSnapshot) else _of_run(one)
    began_at, age, held = began(one.started_at), _age(_age_s(one, now)), size_or_unknown(one.bytes)
    return one.snapshot, began_at, age, status, records, held, names, in_a_cell(reason)


def _of_snapshot(one: ListedSnapshot) -> tuple[str, str, str, str]:
    return one.status, counted_or_unknown(one.records), ", ".join(one.names), one.reason


def _of_run(one: UnfinishedRun) -> tuple[str, str, str, str]:
    reasons = (one.reason, one.holder and f"held by {one.holder}")
    return _UNFINISHED, "", "", "; ".join(filter(None, reasons))


def _age(age_s: float | None) -> str:
    if age_s is None:
        return UNKNOWN
    return duration(age_s) if age_s >= 0 else "in the future"
