"""What a run came to, once it has ended: a few lines for people, one object for programs (pure)."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal

import orjson

from crawler.crawl.engine.target_stats import NO_ANSWER
from crawler.crawl.result import Result
from crawler.model.walk_id import WalkId
from crawler.snapshot.manifest import Lost, WalkEntry
from crawler.text.human import count, counted, duration, escaped, shortened, size

SCHEMA: Final = 1

Status = Literal["complete", "incomplete", "unfinished"]

_FINISHED: Final = frozenset({0, 3})  # the exit codes of runs whose walks have all ended
_SIGNALS: Final = {2: "SIGINT (Ctrl-C)", 15: "SIGTERM"}
_MOST_WALKS: Final = 5
_MOST_WINDOWS: Final = 3
_MOST_TOTALS: Final = 5
_MOST_ERRORS: Final = 5
_MOST_FIELDS: Final = 5
_LONGEST_NAME: Final = 40
_LABEL_WIDTH: Final = 10


def status_of(result: Result) -> Status:
    """Give `complete` for exit code 0, `incomplete` when all walks ended else, `unfinished` when they did not."""
    if result.exit_code not in _FINISHED:
        return "unfinished"
    return "incomplete" if result.exit_code else "complete"


def summary(result: Result, *, style: Callable[[str], str] = str) -> str:
    """Give some lines, the verdict on the first; `style` colours its first word. No line end at the end."""
    status = status_of(result)
    lines = _unfinished(result) if status == "unfinished" else _finished(result)
    first, *rest = (escaped(line) for line in lines)
    return "\n".join([style(status) + first.removeprefix(status), *rest])


def summary_json(result: Result) -> bytes:
    """Give one JSON object with a final newline; numbers that nobody can know are null.

    `records`, `rejects`, `missing` and `duplicates` count what is published, `seen` what was read so far,
    every pass included. `requests` are those of this process, not those made before a resume.
    """
    status = status_of(result)
    finished = status != "unfinished"
    kept = result.walks if result.state is None else ()  # an unfinished snapshot is taken back
    files = result.manifest.files if result.manifest else ()
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "status": status,
        "exit_code": result.exit_code,
        "ending": result.stop_reason.kind,
        "signal": result.stop_reason.signal_number or None,
        "snapshot": result.snapshot,
        "path": None if result.path is None else str(result.path),
        "state": None if result.state is None else str(result.state),
        "started_at": _moment(result.started_at),
        "finished_at": _moment(result.finished_at),
        "seconds": round(_seconds(result), 3),
        "resumed": result.resumed,
        "walks": {"planned": sum(target.walks for target in result.stats), "published": len(kept)},
        "verdicts": dict(Counter(walk.verdict for walk in kept)),
        "declared": _declared(kept) if finished else None,
        "records": sum(walk.records for walk in kept),
        "rejects": sum(walk.rejects for walk in kept),
        "duplicates": sum(walk.duplicates for walk in kept),
        "missing": _missing(kept) if finished else None,
        "uncovered": _uncovered(result) if finished else None,
        "seen": {
            "declared": sum(target.declared for target in result.stats),
            "records": sum(target.records for target in result.stats),
            "rejects": sum(target.rejected for target in result.stats),
        },
        "files": len(files),
        "bytes": sum(file.bytes for file in files),
        "requests": {
            "by_status": dict(sorted(_by_status(result).items())),
            "retries": sum(target.retries for target in result.stats),
            "throttled_s": round(sum(target.throttled_s for target in result.stats), 3),
        },
        "errors": {
            name: {"exit_code": error.exit_code, "message": str(error)} for name, error in result.errors.items()
        },
    }
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


# --- a run whose walks have all ended ---------------------------------------------------------------------


def _finished(result: Result) -> Iterator[str]:
    yield _headline(result)
    if result.path is not None:
        files = result.manifest.files if result.manifest else ()
        held = f"{counted(len(files), 'file')}, {size(sum(file.bytes for file in files))}"
        yield _labelled("where", f"{result.path} ({held})")
    yield _labelled("walks", _verdicts(result.walks))
    yield from _rejects(result)
    yield from _outside(result)
    yield from _coverage(result)
    yield from _unproven_walks(result)
    yield from _unknown_fields(result)
    yield _labelled("time", _time(result))
    yield _labelled("requests", _requests(result))


def _headline(result: Result) -> str:
    records = sum(walk.records for walk in result.walks)
    place = "on disk" if result.path is not None else "on standard output"
    there = f"{'is' if records == 1 else 'are'} {place}"
    declared = _declared(result.walks)
    if not result.exit_code:
        if not records:
            return f"complete: the service declares no records, and none are {place}"
        return f"complete: {_of(records, declared)} {there}, each once"
    if declared is not None and _missing(result.walks) is not None:
        return f"incomplete: {_of(records, declared)} {there}; {_shortfall(result)}"
    most = "" if declared is None else f", up to {count(declared)} were declared"
    return f"incomplete: {counted(records, 'record')} {there}{most}; {_shortfall(result)}"


def _of(records: int, declared: int | None) -> str:
    return f"{count(records)} of {counted(declared or 0, 'declared record')}"


def _shortfall(result: Result) -> str:
    walks = result.walks
    missing, rejects = _missing(walks), sum(walk.rejects for walk in walks)
    known = sum(walk.missing or 0 for walk in walks)
    parts = [f"{count(known)} missing"]
    if missing is None:
        parts = [f"{count(known)} or more are missing" if known else "how many are missing is not known"]
    if rejects:
        parts.append(f"{count(rejects)} rejected")
    if uncovered := sum(center.uncovered or 0 for center in result.coverage):
        parts.append(f"{count(uncovered)} in no namespace walked")
    return ", ".join(parts)


def _declared(walks: Sequence[WalkEntry]) -> int | None:
    """Give the sum of the totals to hold the records against; None when one of them is not known.

    A proven walk counts what its last pass declared and held: totals of earlier passes were of other moments.
    """
    totals = [walk.declared for walk in walks]
    return None if None in totals else sum(total for total in totals if total is not None)


def _missing(walks: Sequence[WalkEntry]) -> int | None:
    numbers = [walk.missing for walk in walks]
    return None if None in numbers else sum(number for number in numbers if number is not None)


def _uncovered(result: Result) -> int | None:
    numbers = [center.uncovered for center in result.coverage]
    return None if None in numbers else sum(number for number in numbers if number is not None)


def _verdicts(walks: Sequence[WalkEntry]) -> str:
    counts = Counter(walk.verdict for walk in walks)
    again = sum(walk.verdict == "complete" and walk.passes > 1 for walk in walks)
    more = {"complete": f" ({count(again)} in more than one pass)"} if again else {}
    return ", ".join(f"{count(number)} {verdict}{more.get(verdict, '')}" for verdict, number in counts.most_common())


def _rejects(result: Result) -> Iterator[str]:
    rejects = sum(walk.rejects for walk in result.walks)
    if rejects:
        kept = "kept with their reasons in _rejects.ndjson" if result.path else "not kept: only a folder keeps them"
        yield _labelled("rejected", f"{counted(rejects, 'item')}, {kept}")


def _outside(result: Result) -> Iterator[str]:
    if outside := sum(walk.outside for walk in result.walks):
        yield _labelled("note", f"{counted(outside, 'record')} of other namespaces came along and were left out")


def _coverage(result: Result) -> Iterator[str]:
    for center in result.coverage:
        place = f"{center.target}/{center.center}"
        if center.uncovered is None:
            yield _labelled("coverage", f"{place}: how much of it these namespaces cover is not known")
        elif center.uncovered:
            declared = counted(center.declared or 0, "declared record")
            yield _labelled("coverage", f"{place}: {count(center.uncovered)} of {declared} are in no namespace walked")


def _unproven_walks(result: Result) -> Iterator[str]:
    failed = [walk for walk in result.walks if walk.verdict != "complete"]
    for walk in failed[:_MOST_WALKS]:
        name = WalkId(walk.target, walk.center, walk.namespace)
        yield f"  {name}: {walk.verdict}, {_evidence(walk)}"
        for lost in walk.lost[:_MOST_WINDOWS]:
            yield f"    {_lost(lost)}"
        if (more := len(walk.lost) - _MOST_WINDOWS) > 0:
            yield f"    and {counted(more, 'more window', 'more windows')}"
    if more := len(failed[_MOST_WALKS:]):
        where = ", see _manifest.json" if result.path else ""
        yield f"  and {counted(more, 'more walk', 'more walks')} not proven{where}"


def _evidence(walk: WalkEntry) -> str:
    totals = [count(total) for total in walk.declared_totals]
    if len(totals) > _MOST_TOTALS:
        totals = [*totals[: _MOST_TOTALS - 1], "…", totals[-1]]
    parts = [f"declared {' then '.join(totals)}" if totals else "no total declared"]
    parts.append(f"{count(walk.distinct)} distinct")
    if walk.duplicates:
        parts.append(counted(walk.duplicates, "duplicate"))
    if walk.passes > 1:
        parts.append(f"last of {counted(walk.passes, 'pass', 'passes')}")
    return ", ".join(parts)


def _lost(lost: Lost) -> str:
    if lost.end is None:
        return f"from item {count(lost.offset)} on: {lost.reason}"
    got = f", {count(lost.got)} of them read" if lost.got else ""
    return f"items {count(lost.offset)} to {count(lost.end - 1)}{got}: {lost.reason}"


def _unknown_fields(result: Result) -> Iterator[str]:
    fields = result.manifest.unknown_fields if result.manifest else ()
    if fields:
        shown = [shortened(field, _LONGEST_NAME) for field in fields[:_MOST_FIELDS]]
        more = ["…"] if len(fields) > _MOST_FIELDS else []
        known_not = f"{counted(len(fields), 'field')} unknown to this version, kept under extra"
        yield _labelled("note", f"{known_not}: {', '.join(shown + more)}")


# --- a run that stopped before -----------------------------------------------------------------------------


def _unfinished(result: Result) -> Iterator[str]:
    read = sum(target.records + target.rejected for target in result.stats)
    declared = sum(target.declared for target in result.stats)
    passes = " in all passes" if read > declared else ""
    published = "; nothing is published" if result.state is not None else ""
    seen = f"{counted(read, 'record')} read{passes}, {count(declared)} declared so far"
    yield f"unfinished: {_cause(result)}; {seen}{published}"
    yield from _why(result)
    ended, planned = sum(t.walks_ended for t in result.stats), sum(t.walks for t in result.stats)
    yield _labelled("walks", f"{count(ended)} of {count(planned)} ended")
    yield _labelled("time", _time(result))
    yield _labelled("requests", _requests(result))
    if result.state is not None:
        yield _labelled("to go on", "run the same command again: what was read is kept")
        yield _labelled("kept in", str(result.state))
    else:
        written = sum(walk.records for walk in result.walks)
        yield _labelled("written", f"{counted(written, 'record')} to standard output, not the whole")
        yield _labelled("to go on", "not possible with standard output; --output DIR keeps what was read")


def _cause(result: Result) -> str:
    if result.stop_reason.kind == "signal":
        number = result.stop_reason.signal_number
        return f"stopped by {_SIGNALS.get(number, f'signal {number}')}"
    if result.errors:
        stopped = len(result.errors)
        return "the target stopped" if len(result.stats) == 1 else f"{stopped} of {len(result.stats)} targets stopped"
    return "the longest duration allowed was over"


def _why(result: Result) -> Iterator[str]:
    label = "why"
    for name, error in list(result.errors.items())[:_MOST_ERRORS]:
        text = str(error)
        yield _labelled(label, text if text.startswith((name, f"target {name}")) else f"{name}: {text}")
        label = ""
    if (more := len(result.errors) - _MOST_ERRORS) > 0:
        yield _labelled("", f"and {counted(more, 'more target', 'more targets')}")


# --- both ----------------------------------------------------------------------------------------------------


def _labelled(label: str, text: str) -> str:
    return f"  {label:<{_LABEL_WIDTH}}{text}"


def _seconds(result: Result) -> float:
    return max(0.0, (result.finished_at - result.started_at).total_seconds())


def _time(result: Result) -> str:
    took = duration(_seconds(result))
    if not result.resumed:
        return took
    times = "once" if result.resumed == 1 else f"{count(result.resumed)} times"
    return f"{took} since it was first begun; resumed {times}"


def _by_status(result: Result) -> Counter[str]:
    return sum((target.by_status for target in result.stats), Counter())


def _requests(result: Result) -> str:
    by_status = _by_status(result)
    retries = sum(target.retries for target in result.stats)
    throttled_s = sum(target.throttled_s for target in result.stats)
    kinds = [f"{count(number)} {_named(status)}" for status, number in by_status.most_common()]
    parts = [f"{count(by_status.total())}{' since then' if result.resumed else ''}"]
    if kinds:
        parts[0] += f": {', '.join(kinds)}"
    if retries:
        parts.append(counted(retries, "retry", "retries"))
    if throttled_s:
        parts.append(f"held back by the service for {duration(throttled_s)}")
    return "; ".join(parts)


def _named(status: str) -> str:
    return "without an answer" if status == NO_ANSWER else f"HTTP {status}"


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
