"""What the earlier passes of a walk say of a later one: which order held still, and what it must not contradict (pure).

Rows that come twice in the place of others, while the numbers agree, show that the order of equal rows is not fixed:
the next pass sorts by another column (docs/reference/swr-api.md#sort-stability, #order-columns).
"""

from crawler.model.window import Order
from crawler.walk.passes.evidence import PassEvidence
from crawler.walk.passes.reading import Reading
from crawler.walk.server_profile import SharedProfile, StableOrder


class EarlierPasses:
    """`totals` are those declared in any pass so far, in that order.

    `tried` has the orders that prove nothing; for each of them the total that was declared in it. `have_moved` says
    whether the ties of every pass so far moved.
    """

    __slots__ = ("_proven", "have_moved", "totals", "tried")

    def __init__(self) -> None:
        self._proven: int | None = None  # the total that the last pass proved, if it was consistent
        self.totals: dict[int, None] = {}
        self.tried: dict[Order | None, int] = {}
        self.have_moved = True

    def is_other(self, order: Order | None) -> bool:
        """Return whether a pass in this order is one in another order, after an earlier one proved nothing."""
        return bool(self.tried) and _column(order) not in self.tried

    def on_unlisted(self, order: Order | None) -> None:
        """Note that the service lists nothing in this order."""
        self.tried[_column(order)] = 0

    def forget(self) -> None:
        """Take back what the last pass proved, and what the passes show of their order."""
        self._proven = None
        self.have_moved = False

    def allow(self, reading: Reading, profile: SharedProfile) -> bool:
        """Take a pass that is done, and return whether it needs no other one for what earlier passes held.

        The profile learns an order that holds still after another one did not.
        """
        evidence, column = reading.evidence, _column(reading.order)
        self.totals.update(evidence.totals)
        self.have_moved = self.have_moved and evidence.has_moving_ties
        is_allowed = self._is_believable(evidence, reading.order)
        if evidence.has_moving_ties or (evidence.is_consistent and not is_allowed and self.tried):
            self.tried[column] = evidence.total
        elif evidence.is_consistent and self.tried:
            profile.learn(StableOrder(column))
        return is_allowed

    def _is_believable(self, evidence: PassEvidence, order: Order | None) -> bool:
        """Return whether the pass is enough: if an earlier one held more, one page alone does not contradict it."""
        before, self._proven = self._proven, evidence.total if evidence.is_consistent else None
        if self.is_other(order) and evidence.total < max(self.tried.values()):
            return False  # in another order the service may leave rows out
        return evidence.pages > 1 or evidence.total >= max(self.totals, default=0) or before == evidence.total


def _column(order: Order | None) -> Order | None:
    """Return the order itself also where it is read backwards."""
    return order and order._replace(direction="asc")
