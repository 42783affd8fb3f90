"""Who runs after whom: ours, F, ours, N, ours, G, and so again (pure)."""

from collections.abc import Iterator
from typing import NamedTuple

from tests.bench.subjects import OURS
from tests.bench.workloads import PEERS, Workload


class Turn(NamedTuple):
    """One run; `against` is whom it is paired with, "" for nobody. Round 0 is the warm-up, which is not counted."""

    round: int
    contender: str
    against: str


def turns(workload: Workload, *, rounds: int, peer_rounds: int) -> Iterator[Turn]:
    """Give all runs of a workload in their order.

    Peers are not measured against goals and take minutes: they have fewer rounds and no warm-up. Nobody has one where
    there is one round only: its runs are so long that a warm-up changes nothing.
    """
    rounds = min(rounds, workload.most_rounds)
    for number in range(0 if rounds > 1 else 1, rounds + 1):
        for other in workload.against or ("",):
            if other in PEERS and not 0 < number <= peer_rounds:
                continue
            yield Turn(number, OURS, other)
            if other:
                yield Turn(number, other, OURS)
