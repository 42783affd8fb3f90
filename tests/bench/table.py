"""The results of one workload as a table and as JSON (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from tests.bench.metrics import GoalResult, Spread, Trial, evaluate_goals, ratios, spread
from tests.bench.subjects import OURS, SUBJECTS
from tests.bench.workloads import Goal, Workload

_TITLES: Final = (
    "", "wall s", "CPU s", "records/s", "requests", "429", "peak MB", "server", "ours/it wall", "ours/it CPU",
)  # fmt: skip
# Above this share of the wall time the server may be the bottleneck.
_BUSY_SHARE: Final = 0.8


def rows(workload: Workload, trials: Sequence[Trial]) -> list[tuple[str, ...]]:
    """Return a row for each subject that has trials: medians, and spreads where they differ."""
    names = [name for name in SUBJECTS if any(trial.subject == name for trial in trials)]
    return [_row(name, workload, trials) for name in names]


def _row(name: str, workload: Workload, trials: Sequence[Trial]) -> tuple[str, ...]:
    own = [trial for trial in trials if trial.subject == name]
    wall = spread([trial.wall_s for trial in own])
    seconds = _median([trial.wall_s for trial in own])
    return (
        name,
        _spread(wall),
        f"{_median([trial.cpu_s for trial in own]):.2f}",
        _thousands(workload.total / seconds),
        _thousands(_median([trial.requests for trial in own])),
        _thousands(sum(trial.refused for trial in own)),
        f"{max(trial.peak_bytes for trial in own) / 1e6:.0f}",
        f"{server_share(own):.0%}",
        _spread(None if name == OURS else spread(ratios(trials, OURS, name, "wall"))),
        _spread(None if name == OURS else spread(ratios(trials, OURS, name, "cpu"))),
    )


def server_share(trials: Sequence[Trial]) -> float:
    """Return the median share of the wall time in which the server was at work."""
    return _median([trial.server_cpu_s / trial.wall_s for trial in trials])


def _median(numbers: Sequence[float]) -> float:
    found = spread(numbers)
    return found.median if found else 0.0


def _thousands(number: float) -> str:
    return f"{number:,.0f}".replace(",", " ")


def _spread(found: Spread | None) -> str:
    if found is None:
        return ""
    minimum, median, maximum = (f"{number:.2f}" for number in found)
    return median if minimum == maximum else f"{median} ({minimum}-{maximum})"


def heading(workload: Workload) -> str:
    """Return a line that describes the workload: namespaces x centers x records of a namespace, and the rest."""
    sparse = "" if workload.one_in == 1 else f", one namespace in {workload.one_in} holds records"
    latency = f", {workload.latency_ms:.0f}±{workload.jitter_ms:.0f} ms" if workload.latency_ms else ""
    rate = f", {workload.rate_per_s:.0f} requests/s allowed" if workload.rate_per_s else ""
    shape = f"{_thousands(workload.namespaces)} x {len(workload.centers)} x {_thousands(workload.records)}"
    return f"{workload.name}: {shape} records, limit {workload.limit}{sparse}{latency}{rate}"


def goal_line(result: GoalResult) -> str:
    """Return a line that compares one goal with what was measured."""
    if result.measured is None or result.reached is None:
        return f"goal {result.goal}: not measured"
    measured = result.measured
    if result.goal.against == "bytes":
        measured = Spread(*(number / 1e6 for number in measured))
    return f"goal {result.goal}: {_spread(measured)}, {'reached' if result.reached else 'NOT reached'}"


def goals(workload: Workload, trials: Sequence[Trial]) -> list[str]:
    """Return a line for each goal of a workload."""
    return [goal_line(result) for result in evaluate_goals(workload, trials, OURS)]


def text(workload: Workload, trials: Sequence[Trial], invalid: Sequence[str]) -> str:
    """Return the table of one workload for a terminal; `invalid` says why trials were not counted."""
    table = [_TITLES, *rows(workload, trials)]
    widths = [max(len(row[column]) for row in table) for column in range(len(_TITLES))]
    lines = ["  ".join(_padded(row, widths)).rstrip() for row in table]
    busy = sorted({trial.subject for trial in trials if trial.server_cpu_s > _BUSY_SHARE * trial.wall_s})
    notes = [f"the server was busy with {name} and may have limited it" for name in busy]
    return "\n".join(
        [heading(workload), *lines, *goals(workload, trials), *notes, *(f"not counted: {why}" for why in invalid)]
    )


def _padded(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    name, *cells = row
    return [name.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))]


def markdown(workload: Workload, trials: Sequence[Trial]) -> str:
    """Return the table of one workload in Markdown."""
    table = [_TITLES, tuple("---:" if column else "---" for column in range(len(_TITLES))), *rows(workload, trials)]
    return "\n".join(f"| {' | '.join(row)} |" for row in table)


def as_json(workload: Workload, trials: Sequence[Trial], invalid: Sequence[str]) -> dict[str, Any]:
    """Return all trials of one workload, ratios and goals, for JSON."""
    others = sorted({trial.subject for trial in trials} - {OURS})
    return {
        "workload": asdict(workload),
        "trials": [trial._asdict() for trial in trials],
        "not_counted": list(invalid),
        "ratios": {
            name: {
                metric: found._asdict() if (found := spread(ratios(trials, OURS, name, metric))) else None
                for metric in ("wall", "cpu", "peak")
            }
            for name in others
        },
        "goals": [
            {
                "goal": str(result.goal),
                "measured": result.measured and result.measured._asdict(),
                "reached": result.reached,
            }
            for result in evaluate_goals(workload, trials, OURS)
        ],
    }


def from_json(result: Mapping[str, Any]) -> tuple[Workload, list[Trial]]:
    """Return the workload and the trials in what `as_json` returned, after a round trip through JSON."""
    fields = result["workload"]
    tuples = {"centers": tuple(fields["centers"]), "against": tuple(fields["against"])}
    targets = tuple(Goal(**goal) for goal in fields["goals"])
    return Workload(**{**fields, **tuples, "goals": targets}), [Trial(**trial) for trial in result["trials"]]
