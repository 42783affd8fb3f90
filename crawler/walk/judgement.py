"""What follows from a pass that has ended: a verdict, or another pass (pure).

The first row that fits decides:

| the pass                                                    | and                         | what follows |
|-------------------------------------------------------------|-----------------------------|--------------|
| is consistent (passes/evidence.py)                          | confirmed, where that is    | `complete`   |
|                                                             | required                    |              |
| has windows without a usable response                       |                             | `partial`    |
| got a refusal that says "nothing found" instead of a list   |                             | `unproven`   |
| found no end: no total, or more rows than declared          |                             | `unproven`   |
| any other                                                   | max_passes is not reached   | another pass |
| has gaps                                                    |                             | `partial`    |
| raised a doubt, or did not see the end                      |                             | `unproven`   |
| read every window, but totals or records changed            |                             | `drifted`    |

No walk is `complete` while its service may ignore the requests that it accepts (`if_obeyed`): it is `unproven`.

A window without a usable response had all its tries, and a service without totals declares none in another pass
either: more passes would only repeat that.

`--double-read` requires that two passes in a row are consistent and hold the same repositories, unless one page holds
the whole list: one page is one state of the list, while several may be of different ones, with rows moved between
them. The two passes are independent: every second one has another page size, and the others the opposite order. So no
cache and no balancer by URL answers twice from one stale copy, and a list that is cut at its end is cut at the other
end, too.
"""

from collections.abc import Collection
from typing import NamedTuple

from crawler.model.identity import Fingerprint
from crawler.model.verdict import Verdict
from crawler.model.window import Order
from crawler.walk.passes.evidence import Evidence
from crawler.walk.server_profile import ServerProfile


class Judgement(NamedTuple):
    """The verdict of a walk, and why it is not complete ("" when it is)."""

    verdict: Verdict
    reason: str = ""


def decide(evidence: Evidence, pass_number: int, max_passes: int, *, confirmed: bool) -> Judgement | None:
    """Return the verdict after a pass with this evidence, None when another pass must follow."""
    if evidence.is_consistent and confirmed:
        return Judgement("complete")
    is_final = evidence.has_loss or evidence.end in {"open", "refused"} or pass_number >= max_passes
    return _incomplete(evidence) if is_final else None


def if_obeyed(judgement: Judgement | None, profile: ServerProfile) -> Judgement | None:
    """Return the judgement; no walk is complete whose service may ignore the requests that it accepts."""
    if judgement is None or judgement.verdict != "complete" or profile.is_obeyed:
        return judgement
    return Judgement("unproven", "nothing shows that the service reads `filter`, and does not ignore it")


def _incomplete(evidence: Evidence) -> Judgement:
    if evidence.gaps:
        return Judgement("partial", "some windows could not be read")
    if evidence.why_unproven:
        return Judgement("unproven", evidence.why_unproven)
    return Judgement("drifted", "the list changed during each pass")


class DoubleRead:
    """Compares each pass with the one before; `is_required` False confirms every pass."""

    __slots__ = ("_before", "_is_required")

    def __init__(self, *, is_required: bool) -> None:
        self._is_required = is_required
        self._before: Fingerprint | None = None

    def page_limit_of(self, pass_number: int, limit: int) -> int:
        """Return the page size of a pass: every second one has pages of one item less, or two instead of one."""
        return (limit - 1 or 2) if self._is_required and pass_number % 2 == 0 else limit

    def order_of(self, pass_number: int, profile: ServerProfile, tried: Collection[Order | None] = ()) -> Order | None:
        """Return the order of a pass: every first one of two is reversed, where the server does that.

        It is none of the orders that were `tried` in vain, while there are others.
        """
        order = profile.order_besides(tried)
        if not (self._is_required and profile.is_reversible and pass_number % 2) or order is None:
            return order
        return order.reversed()

    def forget(self) -> None:
        """Forget the pass before: it proves nothing any more."""
        self._before = None

    def confirms(self, evidence: Evidence) -> bool:
        """Return whether this pass needs no second reading, or is the second one with the same repositories."""
        if not self._is_required or evidence.pages <= 1:
            return True
        before, self._before = self._before, None
        if evidence.is_consistent:
            # Not the keys themselves: two sets of a huge walk would be the largest thing in memory.
            self._before = evidence.keys.fingerprint()
        return self._before is not None and before is not None and before.matches(self._before)
