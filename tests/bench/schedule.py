"""The order of the trials: ours, F, ours, N, ours, G, and again (pure)."""

from collections.abc import Iterator
from typing import NamedTuple

from tests.bench.subjects import OURS
from tests.bench.workloads import PEERS, Workload


class PlannedTrial(NamedTuple):
    """A trial to run; `against` names the subject it is paired with, "" for none. Round 0 is the uncounted warm-up."""

    round: int
    subject: str
    against: str


def schedule(workload: Workload, *, rounds: int, peer_rounds: int) -> Iterator[PlannedTrial]:
    """Yield all trials of a workload in order.

    Peers have no goals and take minutes, so they have fewer rounds and no warm-up. A workload of one round has no
    warm-up: its trials are so long that a warm-up changes nothing.
    """
    rounds = min(rounds, workload.max_rounds)
    for number in range(0 if rounds > 1 else 1, rounds + 1):
        for other in workload.against or ("",):
            if other in PEERS and not 0 < number <= peer_rounds:
                continue
            yield PlannedTrial(number, OURS, other)
            if other:
                yield PlannedTrial(number, other, OURS)
