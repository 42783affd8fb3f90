"""What follows from a pass that has ended: a verdict, or another pass (pure).

The first row that fits decides:

| the pass                                                    | and                         | what follows |
|-------------------------------------------------------------|-----------------------------|--------------|
| is consistent (passes/evidence.py)                          | confirmed, where that is    | `complete`   |
|                                                             | required or has repeats     |              |
| has windows without a usable response                       |                             | `partial`    |
| got a refusal that says "nothing found" instead of a list   |                             | `unproven`   |
| found no end: no total, or more rows than declared          |                             | `unproven`   |
| any other                                                   | max_passes is not reached   | another pass |
| has gaps                                                    |                             | `partial`    |
| raised a doubt, did not see the end, or has repeats         |                             | `unproven`   |
| read every window, but totals or records changed            |                             | `drifted`    |

No walk is `complete` while its service may ignore the requests that it accepts (`if_obeyed`): it is `unproven`.

A window without a usable response had all its tries, and a service without totals declares none in another pass
either: more passes would only repeat that.

`--double-read` requires that two passes in a row are consistent and hold the same repositories, unless one page holds
the whole list: one page is one state of the list, while several may be of different ones, with rows moved between
them. The two passes are independent: every second one has another page size, and the others the opposite order. So no
cache and no balancer by URL answers twice from one stale copy, and a list that is cut at its end is cut at the other
end, too.

Repeats, rejects with the same bytes on different pages (passes/item_keys.py), require the same of a single read: two
passes in a row with the same total, the same records and the same rejects, each as often. A row that was lost while
another one was read twice would have to be lost again on pages that begin elsewhere: each pass after one with repeats
has another page size.
"""

from collections.abc import Collection
from typing import Final, NamedTuple

from crawler.model.verdict import Verdict
from crawler.model.window import Order
from crawler.walk.passes.evidence import PassEvidence
from crawler.walk.passes.item_keys import PassContent
from crawler.walk.server_profile import ServerProfile

_SIZES: Final = 3  # of the pages of single reads with repeats: as many as there are passes by default


class Judgement(NamedTuple):
    """The verdict of a walk, and why it is not complete ("" when it is)."""

    verdict: Verdict
    reason: str = ""


def decide(evidence: PassEvidence, pass_number: int, max_passes: int, *, confirmed: bool) -> Judgement | None:
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


def _incomplete(evidence: PassEvidence) -> Judgement:
    if evidence.gaps:
        return Judgement("partial", "some windows could not be read")
    if evidence.why_unproven:
        return Judgement("unproven", evidence.why_unproven)
    return Judgement("drifted", "the list changed during each pass")


class DoubleRead:
    """Compares each pass with the one before; `is_required` False confirms every pass without repeats."""

    __slots__ = ("_before", "_is_required", "_since_repeats")

    def __init__(self, *, is_required: bool) -> None:
        self._is_required = is_required
        self._before: PassContent | None = None
        self._since_repeats = 0  # passes from the first one with repeats on

    def page_limit_of(self, pass_number: int, limit: int) -> int:
        """Return the page size of a pass: every second one has pages of one item less, or two instead of one.

        After a pass with repeats each of three single reads has a size of its own, and none is larger than `limit`: the
        service may accept no more. Pages of one item prove nothing of repeats.
        """
        if self._is_required:
            return limit if pass_number % 2 else (limit - 1 or 2)
        return max(1, limit - self._since_repeats % _SIZES)

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

    def confirms(self, evidence: PassEvidence) -> bool:
        """Return whether this pass needs no second reading, or is the second one with the same items."""
        self._since_repeats += self._since_repeats > 0 or evidence.repeats > 0
        before, self._before = self._before, None
        if not evidence.repeats and (not self._is_required or evidence.pages <= 1):
            return True
        if evidence.is_consistent:
            # Not the keys themselves: two sets of a huge walk would be the largest thing in memory.
            self._before = evidence.keys.content()
        return self._before is not None and before is not None and before.matches(self._before)
