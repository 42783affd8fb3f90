"""What the runs of one workload come to, as text and as JSON (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from tests.bench.figures import Reached, Run, Spread, ratios, reached, spread
from tests.bench.subjects import CONTENDERS, OURS
from tests.bench.workloads import Goal, Workload

_TITLES: Final = (
    "", "wall s", "CPU s", "records/s", "requests", "429", "peak MB", "server", "ours/it wall", "ours/it CPU",
)  # fmt: skip
# Above this share of the wall time the server may be what everybody waits for.
_BUSY: Final = 0.8


def rows(workload: Workload, runs: Sequence[Run]) -> list[tuple[str, ...]]:
    """Give a row for each contender that has runs, medians in it but where a spread is shown."""
    names = [name for name in CONTENDERS if any(run.contender == name for run in runs)]
    return [_row(name, workload, runs) for name in names]


def _row(name: str, workload: Workload, runs: Sequence[Run]) -> tuple[str, ...]:
    own = [run for run in runs if run.contender == name]
    wall = spread([run.wall_s for run in own])
    seconds = _middle([run.wall_s for run in own])
    return (
        name,
        _spread(wall),
        f"{_middle([run.cpu_s for run in own]):.2f}",
        _thousands(workload.total / seconds),
        _thousands(_middle([run.requests for run in own])),
        _thousands(sum(run.refused for run in own)),
        f"{max(run.peak_bytes for run in own) / 1e6:.0f}",
        f"{server_share(own):.0%}",
        _spread(None if name == OURS else spread(ratios(runs, OURS, name, "wall"))),
        _spread(None if name == OURS else spread(ratios(runs, OURS, name, "cpu"))),
    )


def server_share(runs: Sequence[Run]) -> float:
    """Give the share of the wall time that the server was at work."""
    return _middle([run.server_cpu_s / run.wall_s for run in runs])


def _middle(numbers: Sequence[float]) -> float:
    found = spread(numbers)
    return found.middle if found else 0.0


def _thousands(number: float) -> str:
    return f"{number:,.0f}".replace(",", " ")


def _spread(found: Spread | None) -> str:
    if found is None:
        return ""
    least, middle, most = (f"{number:.2f}" for number in found)
    return middle if least == most else f"{middle} ({least}-{most})"


def heading(workload: Workload) -> str:
    """Say what the workload is in one line."""
    held = "" if workload.one_in == 1 else f", one namespace in {workload.one_in} holds any"
    latency = f", {workload.latency_ms:.0f}±{workload.jitter_ms:.0f} ms" if workload.latency_ms else ""
    rate = f", {workload.rate_per_s:.0f} requests/s let through" if workload.rate_per_s else ""
    places = f"{_thousands(workload.namespaces)} x {len(workload.centers)} x {_thousands(workload.records)}"
    return f"{workload.name}: {places} records, limit {workload.limit}{held}{latency}{rate}"


def goal_line(found: Reached) -> str:
    """Say how far one goal is reached."""
    if found.measured is None or found.reached is None:
        return f"goal {found.goal}: not measured"
    measured = found.measured
    if found.goal.against == "bytes":
        measured = Spread(*(number / 1e6 for number in measured))
    return f"goal {found.goal}: {_spread(measured)}, {'reached' if found.reached else 'NOT reached'}"


def goals(workload: Workload, runs: Sequence[Run]) -> list[str]:
    """Say how far each goal of a workload is reached."""
    return [goal_line(found) for found in reached(workload, runs, OURS)]


def text(workload: Workload, runs: Sequence[Run], wrong: Sequence[str]) -> str:
    """Give the table of one workload for a terminal."""
    table = [_TITLES, *rows(workload, runs)]
    widths = [max(len(row[column]) for row in table) for column in range(len(_TITLES))]
    lines = ["  ".join(_padded(row, widths)).rstrip() for row in table]
    busy = sorted({run.contender for run in runs if run.server_cpu_s > _BUSY * run.wall_s})
    notes = [f"the server was busy with {name}: it may be what is measured" for name in busy]
    return "\n".join(
        [heading(workload), *lines, *goals(workload, runs), *notes, *(f"not counted: {why}" for why in wrong)]
    )


def _padded(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    name, *cells = row
    return [name.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))]


def markdown(workload: Workload, runs: Sequence[Run]) -> str:
    """Give the table of one workload for a README."""
    table = [_TITLES, tuple("---:" if column else "---" for column in range(len(_TITLES))), *rows(workload, runs)]
    return "\n".join(f"| {' | '.join(row)} |" for row in table)


def as_json(workload: Workload, runs: Sequence[Run], wrong: Sequence[str]) -> dict[str, Any]:
    """Give all runs of one workload and what they come to."""
    others = sorted({run.contender for run in runs} - {OURS})
    return {
        "workload": asdict(workload),
        "runs": [run._asdict() for run in runs],
        "not_counted": list(wrong),
        "ratios": {
            name: {
                figure: found._asdict() if (found := spread(ratios(runs, OURS, name, figure))) else None
                for figure in ("wall", "cpu", "peak")
            }
            for name in others
        },
        "goals": [
            {
                "goal": str(found.goal),
                "measured": found.measured and found.measured._asdict(),
                "reached": found.reached,
            }
            for found in reached(workload, runs, OURS)
        ],
    }


def from_json(result: Mapping[str, Any]) -> tuple[Workload, list[Run]]:
    """Read what `as_json` gave, once it was JSON."""
    given = result["workload"]
    tuples = {"centers": tuple(given["centers"]), "against": tuple(given["against"])}
    targets = tuple(Goal(**goal) for goal in given["goals"])
    return Workload(**{**given, **tuples, "goals": targets}), [Run(**run) for run in result["runs"]]
