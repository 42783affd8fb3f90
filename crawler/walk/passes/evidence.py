"""What the pages of one pass said, and whether that proves the list (pure).

A total is a claim, an end is seen. A pass proves its walk when all of this holds (`PassEvidence.is_consistent`):

- every window up to the total was read;
- every page that holds items declared a total, and all pages declared the same one;
- exactly as many items came as this total, and as many identities (of a record: model/record.py; of a reject: its
  bytes, and its number among those of its page with the same bytes);
- the end of the list was seen: a last page shorter than requested under a total that counts more than that page, or an
  answer about the rows at or beyond the total (questions.py), or a census of the whole center (walk/census/);
- nothing raised a doubt, such as an empty answer that no second look confirmed.

Rejects with the same bytes on different pages (item_keys.py) may be one item that was read twice. A pass with such
`repeats` may agree with its total all the same; then a second pass must have the same content (walk/judgement.py).

Source: docs/reference/swr-api.md#end-of-list, #wrong-totals, #offset-past-end (what a page and a total can prove).
"""

from typing import Final, Literal

from crawler.model.window import Gap
from crawler.swr.page import Page
from crawler.walk.passes.item_keys import ItemKeys

_REPEATS: Final = "rejects with the same bytes are on several pages, and no two passes in a row agree on the records"


class PassEvidence:
    """What one pass has seen so far.

    `totals` are in the order in which they were declared, `total` is the largest (0 without one). `keys` are those of
    the items; `pages` counts the pages that held something new, `full_pages` those that were not too short. `gaps`
    are in any order; `has_loss` says that a window got no usable response.

    `end` is *seen*, *unseen*, *open*: then no total says where the list ends, and the pass reads on to the first page
    that holds nothing new; or *refused*: the service said that it has no such list. `doubt` is why the pass proves
    nothing although its numbers may agree, "" without one.
    """

    __slots__ = (
        "disagrees",
        "doubt",
        "end",
        "full_pages",
        "gaps",
        "has_loss",
        "keys",
        "pages",
        "total",
        "total_missing",
        "totals",
    )

    def __init__(self) -> None:
        self.totals: dict[int, None] = {}
        self.total = 0
        self.keys = ItemKeys()
        self.pages = self.full_pages = 0
        self.gaps: list[Gap] = []
        self.has_loss = False
        self.total_missing = False  # a page with items declared no total
        self.disagrees = False  # one page declared several totals: the largest must be met, and its end be seen
        self.doubt = ""
        self.end: Literal["unseen", "seen", "open", "refused"] = "unseen"

    def count(self, page: Page, *, short: bool = False) -> None:
        """Count the items of a page and its total."""
        new = self.keys.count(page.items)
        self.full_pages += not short
        self.pages += new > 0
        if page.total is not None:
            self.totals[page.total] = None
            self.total = max(self.total, page.total)
        elif page.length:
            self.total_missing = True
        if page.disagrees:
            self.disagrees = True
        if page.doubtful:
            self.doubt = self.doubt or "the answers to one request contradict each other"

    def refuse(self, reason: str) -> None:
        """Record that the service said that it has no such list."""
        self.end, self.doubt = "refused", reason

    def lose(self, gap: Gap) -> None:
        """Record a window that got no usable response."""
        self.has_loss = True
        self.gaps.append(gap)

    def knows(self, page: Page) -> bool:
        """Return whether the page holds nothing new; so does an empty one."""
        return self.keys.knows(page.items)

    @property
    def first_total(self) -> int:
        """The total that was declared first, 0 without one."""
        return next(iter(self.totals), 0)

    @property
    def _has_as_many_items(self) -> bool:
        """Whether one total was declared by all pages, and as many items came, whatever they are."""
        flawed = self.gaps or self.total_missing or self.doubt or len(self.totals) > 1
        return not flawed and self.keys.items == self.total

    @property
    def adds_up(self) -> bool:
        """Whether one total was declared by all pages, and as many items came, each once but for `repeats`."""
        return self._agrees and not (self.repeats and self.keys.has_page_of_rejects)

    @property
    def _agrees(self) -> bool:
        return self._has_as_many_items and self.total == self.keys.identities() + self.repeats

    @property
    def has_moving_ties(self) -> bool:
        """Whether rows came twice in the place of others: the order of equal rows differs from page to page."""
        return self._has_as_many_items and self.total > self.keys.identities() + self.repeats

    @property
    def is_consistent(self) -> bool:
        """Whether this pass proves the walk: alone, or with `repeats` when another one confirms it."""
        return self.adds_up and self.end == "seen"

    @property
    def repeats(self) -> int:
        """The number of rejects that came on an earlier page with the same bytes: other items, or the same ones."""
        return self.keys.repeats

    @property
    def why_unproven(self) -> str:
        """Why a pass whose windows were all read proves nothing, "" when its totals only differ from what it read."""
        if self.end == "open":
            return (
                "there are more records than the declared total"
                if self.totals
                else "no total was declared, or 0 beside items"
            )
        if self.total_missing:
            return "a page declared no total"
        if self.doubt:
            return self.doubt
        if self.adds_up and self.end != "seen":
            return "the end of the list was not seen"
        return _REPEATS if self._agrees and self.repeats else ""
