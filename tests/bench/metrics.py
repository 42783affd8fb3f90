"""The metrics of trials: spreads, ratios, goals (pure)."""

import statistics
from collections.abc import Sequence
from typing import NamedTuple

from tests.bench.workloads import Goal, Metric, Workload


class Trial(NamedTuple):
    """A valid run of one subject. `round` counts from 1; `against` names the subject it was paired with, "" if none."""

    subject: str
    against: str
    round: int
    wall_s: float
    cpu_s: float
    peak_bytes: int
    requests: int
    refused: int
    server_cpu_s: float


class Spread(NamedTuple):
    """Minimum, median and maximum of some numbers."""

    minimum: float
    median: float
    maximum: float


def spread(numbers: Sequence[float]) -> Spread | None:
    """Return the spread of numbers, None if there are none."""
    return Spread(min(numbers), statistics.median(numbers), max(numbers)) if numbers else None


def value_of(trial: Trial, metric: Metric) -> float:
    """Return a metric of a trial, in seconds or bytes."""
    return {"wall": trial.wall_s, "cpu": trial.cpu_s, "peak": float(trial.peak_bytes)}[metric]


def ratios(trials: Sequence[Trial], ours: str, other: str, metric: Metric) -> tuple[float, ...]:
    """Return ours / other for each round in which both were valid: a disturbance of both cancels out."""
    own = {trial.round: trial for trial in trials if (trial.subject, trial.against) == (ours, other)}
    theirs = {trial.round: trial for trial in trials if (trial.subject, trial.against) == (other, ours)}
    return tuple(
        value_of(own[number], metric) / value_of(theirs[number], metric) for number in sorted(own.keys() & theirs)
    )


class GoalResult(NamedTuple):
    """A goal, and the spread of our trials to compare with it, None if there are no trials."""

    goal: Goal
    measured: Spread | None

    @property
    def reached(self) -> bool | None:
        """Whether the median is within the goal; None if nothing was measured."""
        return None if self.measured is None else self.measured.median <= self.goal.at_most


def evaluate_goals(workload: Workload, trials: Sequence[Trial], ours: str) -> tuple[GoalResult, ...]:
    """Return the result of each goal of a workload; `ours` is the name of our crawl."""
    return tuple(GoalResult(goal, spread(_measured(goal, workload, trials, ours))) for goal in workload.goals)


def _measured(goal: Goal, workload: Workload, trials: Sequence[Trial], ours: str) -> tuple[float, ...]:
    own = tuple(value_of(trial, goal.metric) for trial in trials if trial.subject == ours)
    if goal.against == "bytes":
        return own
    if goal.against == "the rate":
        return tuple(value / workload.rate_bound_s for value in own)
    return ratios(trials, ours, goal.against, goal.metric)
