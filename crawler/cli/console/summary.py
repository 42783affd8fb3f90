"""The summary of a run for people: a few lines when it has ended (pure)."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from crawler.cli.console.run_totals import RunTotals, requests_text, time_text, totals_of
from crawler.crawl.result import RunResult
from crawler.model.walk_id import WalkId
from crawler.snapshot.completeness import (
    WALK_KINDS,
    Kind,
    Shortfall,
    counted_places,
    evidence_text,
    find_shortfalls,
    in_brief,
    invalid_text,
    lost_text,
    missing_of,
)
from crawler.snapshot.layout import LATEST, MANIFEST, REJECTS
from crawler.snapshot.manifest import WalkEntry
from crawler.text.human import count, counted, escaped, shortened, size

_SIGNALS: Final = {2: "SIGINT (Ctrl-C)", 15: "SIGTERM"}
_MOST_WALKS: Final = 5
_MOST_PLACES: Final = 5
_MOST_WINDOWS: Final = 3
_MOST_ERRORS: Final = 5
_MOST_FIELDS: Final = 5
_LONGEST_NAME: Final = 40
_LABEL_WIDTH: Final = 10


def summary(result: RunResult, *, style: Callable[[str], str] = str) -> str:
    """Return some lines, the status first, without a line end at the end; `style` colours the first word."""
    totals = totals_of(result)
    lines = _unfinished(result, totals) if totals.status == "unfinished" else _finished(result, totals)
    first, *rest = (escaped(line) for line in lines)
    return "\n".join([style(totals.status) + first.removeprefix(totals.status), *rest])


# --- a run whose walks have all ended ---------------------------------------------------------------------


def _finished(result: RunResult, totals: RunTotals) -> Iterator[str]:
    found = find_shortfalls(result)
    yield _headline(result, totals, found)
    if result.path is not None:
        files = result.manifest.files if result.manifest else ()
        held = f"{counted(len(files), 'file')}, {size(sum(file.bytes for file in files))}"
        yield _labelled("where", f"{result.path} ({held})")
        if not result.stats:
            yield _labelled("note", "a run of this command has published it already; nothing was requested now")
    yield from _retention(result)
    yield from _failed_targets(result, _of_kind(found, "target failed"))
    yield _labelled("walks", _verdicts(result.walks))
    yield from _splits(result)
    yield from _carried_over(result)
    if totals.rejects:
        kept = f"kept with their reasons in {REJECTS}" if result.path else "not kept: only a folder keeps them"
        yield _labelled("rejected", f"{counted(totals.rejects, 'item')}, {kept}")
    if outside := sum(walk.outside for walk in result.walks):
        yield _labelled("note", f"{counted(outside, 'record')} of other namespaces were returned and left out")
    yield from _few("coverage", _of_kind(found, "uncovered"))
    yield from _shrinkage(result, _of_kind(found, "shrank"))
    yield from _few("centers", _of_kind(found, "equal centers"))
    yield from _unproven_walks(result, _of_kind(found, *WALK_KINDS))
    yield from _invalid_fields(result)
    yield from _unknown_fields(result)
    yield _labelled("time", time_text(result, totals))
    yield _labelled("requests", requests_text(result, totals))
    if result.state is not None:
        yield from _to_resume("rerun the same command: it reads only what is missing", result)


def _retention(result: RunResult) -> Iterator[str]:
    if (pruned := result.pruned) is None:
        return
    if pruned.removed:
        kept = "" if pruned.kept is None else f"; {count(pruned.kept)} kept"
        text = f"{counted(len(pruned.removed), 'old snapshot')} removed, {size(pruned.bytes)}{kept}"
        yield _labelled("retention", text)
    if pruned.failure:
        yield _labelled("warning", f"retention: {pruned.failure}")


def _headline(result: RunResult, totals: RunTotals, found: Sequence[Shortfall]) -> str:
    records, declared = totals.records, totals.declared
    place = "on disk" if result.path is not None else "on standard output"
    there = f"{'is' if records == 1 else 'are'} {place}"
    if totals.status == "complete":
        if not records:
            return f"complete: the service declares no records, and none are {place}"
        return f"complete: {_of(records, declared)} {there}, each once"
    why = _in_brief(result, totals, found)
    if declared is not None and totals.missing is not None:
        return f"incomplete: {_of(records, declared)} {there}; {why}"
    most = "" if declared is None else f", up to {count(declared)} were declared"
    return f"incomplete: {counted(records, 'record')} {there}{most}; {why}"


def _of(records: int, declared: int | None) -> str:
    return f"{count(records)} of {counted(declared or 0, 'declared record')}"


def _in_brief(result: RunResult, totals: RunTotals, found: Sequence[Shortfall]) -> str:
    """Return how many records are missing, and the other reasons: those about walks are in that number."""
    known = missing_of(_of_kind(found, *WALK_KINDS))
    told = {*WALK_KINDS, *(["shrank"] if _is_accepted(result) else [])}
    others = [one for one in found if one.kind not in told]
    missing = f"{count(known)} missing"
    if totals.missing is None:
        missing = f"{count(known)} or more are missing" if known else "how many are missing is not known"
    failed = any(one.kind == "target failed" for one in others)
    return ", ".join([*([] if failed else [missing]), *in_brief(others, result)])


def _of_kind(found: Iterable[Shortfall], *kinds: Kind) -> list[Shortfall]:
    return [one for one in found if one.kind in kinds]


def _few(label: str, found: Sequence[Shortfall]) -> Iterator[str]:
    for one in found[:_MOST_PLACES]:
        yield _labelled(label, f"{one.place} {one.text}")
        label = ""
    if more := found[_MOST_PLACES:]:
        yield _labelled("", f"and {counted_places(more)} more, see {MANIFEST}")


def _failed_targets(result: RunResult, failed: Sequence[Shortfall]) -> Iterator[str]:
    yield from _few("failed", failed)
    if failed and result.path is not None:
        yield _labelled("", f"{LATEST} was not moved")


def _verdicts(walks: Sequence[WalkEntry]) -> str:
    counts = Counter(walk.verdict for walk in walks)
    again = sum(walk.verdict == "complete" and walk.passes > 1 for walk in walks)
    more = {"complete": f" ({count(again)} in more than one pass)"} if again else {}
    return ", ".join(f"{count(number)} {verdict}{more.get(verdict, '')}" for verdict, number in counts.most_common())


def _carried_over(result: RunResult) -> Iterator[str]:
    label = "carried"
    counts = Counter(walk.carried_from for walk in result.walks)
    for one in result.carried_over[-_MOST_ERRORS:]:
        read = f"read from {one.started_at} to {one.finished_at}"
        yield _labelled(label, f"{counted(counts[one.snapshot], 'walk')} over from snapshot {one.snapshot}, {read}")
        label = ""


def _splits(result: RunResult) -> Iterator[str]:
    for center in result.coverage:
        if (split := center.split) is not None:
            place = f"{center.target}/{center.center}"
            seen = f"{count(split.seen)} of {count(max(split.declared_totals, default=0))}"
            passes = counted(split.passes, "pass", "passes")
            yield _labelled("split", f"{place}: read by namespace, since {split.reason} ({seen} over {passes})")
            if split.gone:
                yield _labelled("", f"{counted(split.gone, 'record')} of these passes went before that")


def _shrinkage(result: RunResult, shrunk: Sequence[Shortfall]) -> Iterator[str]:
    yield from _few("shrank", shrunk)
    if not shrunk:
        return
    if _is_accepted(result):
        yield _labelled("", "accepted by allow_shrink: the next run is compared with this snapshot")
    else:
        yield _labelled("", f"{LATEST} was not moved; check the permissions, the project and the endpoint")
        yield _labelled("", "if the loss is real, accept it: run the same command once with --allow-shrink")


def _is_accepted(result: RunResult) -> bool:
    """Return whether the run accepts what shrank: then it is no reason against its snapshot."""
    return not _of_kind(result.shortfalls, "shrank")


def _unproven_walks(result: RunResult, unproven: Sequence[Shortfall]) -> Iterator[str]:
    walks: dict[tuple[str, str | None, str | None], WalkEntry]
    walks = {(walk.target, walk.center, walk.namespace): walk for walk in result.walks}
    for one in unproven[:_MOST_WALKS]:
        walk = walks[one.target, one.center, one.namespace]
        yield f"  {WalkId(walk.target, walk.center, walk.namespace)}: {walk.verdict}, {evidence_text(walk)}"
        for lost in walk.lost[:_MOST_WINDOWS]:
            yield f"    {lost_text(lost)}"
        if (more := len(walk.lost) - _MOST_WINDOWS) > 0:
            yield f"    and {counted(more, 'more window', 'more windows')}"
    if more := len(unproven[_MOST_WALKS:]):
        where = f", see {MANIFEST}" if result.path else ""
        yield f"  and {counted(more, 'more walk', 'more walks')} not proven{where}"


def _invalid_fields(result: RunResult) -> Iterator[str]:
    fields = sorted({field for walk in result.walks for field in walk.invalid_fields})
    if fields:
        yield _labelled("note", f"{invalid_text(result.walks)}: {_names(fields)}")


def _unknown_fields(result: RunResult) -> Iterator[str]:
    fields = result.manifest.unknown_fields if result.manifest else ()
    if fields:
        number = f"{counted(len(fields), 'field')} unknown to this version, kept under extra"
        yield _labelled("note", f"{number}: {_names(fields)}")


def _names(fields: Sequence[str]) -> str:
    shown = [shortened(field, _LONGEST_NAME) for field in fields[:_MOST_FIELDS]]
    return ", ".join([*shown, "…"] if len(fields) > _MOST_FIELDS else shown)


# --- a run that stopped before -----------------------------------------------------------------------------


def _unfinished(result: RunResult, totals: RunTotals) -> Iterator[str]:
    read = sum(target.records + target.rejected for target in result.stats)
    declared = sum(target.declared for target in result.stats)
    passes = " in all passes" if read > declared else ""
    published = "; nothing is published" if result.state is not None else ""
    seen = f"{counted(read, 'record')} read{passes}, {count(declared)} declared so far"
    yield f"unfinished: {_cause(result)}; {seen}{published}"
    yield from _errors(result)
    ended, planned = sum(t.walks_ended for t in result.stats), sum(t.walks for t in result.stats)
    yield _labelled("walks", f"{count(ended)} of {count(planned)} ended")
    yield _labelled("time", time_text(result, totals))
    yield _labelled("requests", requests_text(result, totals))
    if result.state is not None:
        yield from _to_resume("rerun the same command; what was read so far is kept", result)
    else:
        yield _labelled("written", f"{counted(totals.records, 'record')} to standard output, not all of them")
        yield _labelled("to resume", "not possible with standard output; --output DIR keeps what was read")


def _cause(result: RunResult) -> str:
    if result.stop_reason.kind == "signal":
        number = result.stop_reason.signal_number
        return f"stopped by {_SIGNALS.get(number, f'signal {number}')}"
    if result.errors:
        stopped = len(result.errors)
        return "the target stopped" if len(result.stats) == 1 else f"{stopped} of {len(result.stats)} targets stopped"
    return "the longest allowed duration was reached"


def _errors(result: RunResult) -> Iterator[str]:
    label = "why"
    for name, error in list(result.errors.items())[:_MOST_ERRORS]:
        yield _labelled(label, _of_target(name, str(error)))
        label = ""
    if (more := len(result.errors) - _MOST_ERRORS) > 0:
        yield _labelled("", f"and {counted(more, 'more target', 'more targets')}")


# --- both ----------------------------------------------------------------------------------------------------


def _to_resume(how: str, result: RunResult) -> Iterator[str]:
    yield _labelled("to resume", how)
    yield _labelled("state in", str(result.state))


def _of_target(name: str, reason: str) -> str:
    return reason if reason.startswith((name, f"target {name}")) else f"{name}: {reason}"


def _labelled(label: str, text: str) -> str:
    return f"  {label:<{_LABEL_WIDTH}}{text}"
