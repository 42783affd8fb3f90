"""What several runs come to (pure)."""

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from tests.bench.workloads import Figure, Goal, Workload


class Run(NamedTuple):
    """One run that counts. `against` is whom it was paired with, by name; `round` counts from 1."""

    contender: str
    against: str
    round: int
    wall_s: float
    cpu_s: float
    peak_bytes: int
    requests: int
    refused: int
    server_cpu_s: float


class Spread(NamedTuple):
    """The least, the middle and the largest of some numbers."""

    least: float
    middle: float
    most: float


def spread(numbers: Sequence[float]) -> Spread | None:
    """Give their spread; None when there are none."""
    return Spread(min(numbers), median(numbers), max(numbers)) if numbers else None


def figure_of(run: Run, figure: Figure) -> float:
    """Give what a goal is about: seconds, or bytes."""
    return {"wall": run.wall_s, "cpu": run.cpu_s, "peak": float(run.peak_bytes)}[figure]


def ratios(runs: Sequence[Run], ours: str, other: str, figure: Figure) -> tuple[float, ...]:
    """Give ours / other for each round in which both ran, as a pair: what both suffered cancels out."""
    own = {run.round: run for run in runs if (run.contender, run.against) == (ours, other)}
    theirs = {run.round: run for run in runs if (run.contender, run.against) == (other, ours)}
    return tuple(figure_of(own[at], figure) / figure_of(theirs[at], figure) for at in sorted(own.keys() & theirs))


class Reached(NamedTuple):
    """A goal, how far our runs are, and whether their median reaches it; None when there was nothing to tell by."""

    goal: Goal
    measured: Spread | None

    @property
    def reached(self) -> bool | None:
        """Whether the median is within the goal."""
        return None if self.measured is None else self.measured.middle <= self.goal.at_most


def reached(workload: Workload, runs: Sequence[Run], ours: str) -> tuple[Reached, ...]:
    """Hold our runs against the workload's goals."""
    return tuple(Reached(goal, spread(_measured(goal, workload, runs, ours))) for goal in workload.goals)


def _measured(goal: Goal, workload: Workload, runs: Sequence[Run], ours: str) -> tuple[float, ...]:
    own = tuple(figure_of(run, goal.figure) for run in runs if run.contender == ours)
    if goal.against == "bytes":
        return own
    if goal.against == "the rate":
        return tuple(figure / workload.at_the_rate_s for figure in own)
    return ratios(runs, ours, goal.against, goal.figure)
