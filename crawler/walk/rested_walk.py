"""A walk that has ended, and one that rests until a census vouches for it, without what only reading needs (pure).

Thousands of small walks may rest at a time. What is kept of one is the window and the keys of its only page.
"""

from typing import Final, NamedTuple

from crawler.model.identity import IdentitySet
from crawler.model.key_sample import KeySample
from crawler.model.window import Gap, Order, Window
from crawler.swr.decode.batch import EMPTY_BATCH
from crawler.swr.page import Page
from crawler.walk.judgement import Judgement
from crawler.walk.pass_sequence import WalkRules
from crawler.walk.server_profile import SharedProfile
from crawler.walk.walk import Walk

_COMPLETE: Final = Judgement("complete")
_NO_KEYS: Final = KeySample()


class WalkResult(NamedTuple):
    """How a walk ended. The fields are those of Walk; `limit` is the page size in items.

    `has_no_stable_order`: it has drifted since equal rows came in another order in every pass, whatever it sorted by.
    """

    judgement: Judgement
    totals: tuple[int, ...]
    distinct: int
    duplicates: int
    sample: KeySample
    gaps: tuple[Gap, ...]
    passes: int
    limit: int
    order: Order | None
    has_no_stable_order: bool = False


class RestedWalk(NamedTuple):
    """What is kept of a walk that rests after its first page: the window, and what the page said."""

    window: Window
    total: int | None
    keys: tuple[int, ...]
    ownerless: tuple[int, ...]
    reject_keys: tuple[int, ...]

    def result(self) -> WalkResult:
        """Return the result when the census vouches for the page."""
        totals = () if self.total is None else (self.total,)
        keys = len(self.keys)
        limit = max(self.window.limit, keys)
        return WalkResult(_COMPLETE, totals, keys, 0, self._sample(), (), 1, limit, self.window.order)

    def reopened(self, profile: SharedProfile, rules: WalkRules) -> Walk:
        """Return the walk, which looks for the end of its list itself."""
        walk = Walk(profile, rules._replace(is_vouched=True))
        walk.replay(self.window)
        items = EMPTY_BATCH._replace(
            records=len(self.keys) - len(self.reject_keys),
            rejected=len(self.reject_keys),
            keys=list(self.keys),
            ownerless=self.ownerless,
            reject_keys=self.reject_keys,
        )
        walk.on_page(self.window, Page(items, self.total, disagrees=False), last_try=True, replayed=True)
        walk.on_census(agrees=False)
        return walk

    def _sample(self) -> KeySample:
        if not self.keys:
            return _NO_KEYS
        identities = IdentitySet()
        identities.update(self.keys, self.ownerless)
        return identities.sample()


def rested(walk: Walk, page: Page) -> RestedWalk | None:
    """Return what is to be kept of a walk that rests after this page; None when it was not its first one."""
    if walk.windows > 1:
        return None
    reading, items = walk.reading, page.items
    window = Window(1, 0, reading.asked_limit, reading.order)
    return RestedWalk(window, page.total, tuple(items.keys), tuple(items.ownerless), tuple(items.reject_keys))


def result_of(walk: Walk) -> WalkResult:
    """Return the result of a walk that has ended. Raises ValueError when it has not."""
    if walk.judgement is None:
        raise ValueError("the walk has not ended")
    reading = walk.reading
    return WalkResult(
        walk.judgement,
        tuple(walk.totals),
        walk.distinct,
        walk.duplicates,
        walk.sample,
        walk.gaps,
        walk.passes,
        reading.page_limit,
        reading.order,
        walk.verdict == "drifted" and walk.earlier.have_moved,
    )
