"""The questions for the total of a list, each with one window: what its answer says, or which question follows (pure).

    FirstTwo   a page of two: a total above its length counts the list ------------------------> ListTail
      |-- two items, total 2: the total may be the length of the page --> OnlyOne
      |-- one item, total 1: as many may be all that a service sends at a time --> BehindOne
      '-- none: the same page once more, some time apart --> done
    OnlyOne    a page of one: a total above 1 counts the list; else no total is known --> done
    ListTail   a window that begins below the total and ends beyond it --> done. Rows beyond the total make it a lower
               bound. Where that is too large a page: the last row and one more
      '-- fewer items than expected: a service may end its pages early --> BehindLast
    BehindOne  the window behind the only item. Nothing, twice and some time apart, or that item again --> done
               Refused: a service that reloads refuses everything, so the first page must come once more
    BehindLast the window that begins at the total. Nothing, twice and some time apart --> done

Source: docs/reference/swr-api.md#wrong-totals, #total-range-missing, #end-of-list.
"""

from collections.abc import Sequence
from typing import ClassVar, Final, Literal, NamedTuple

import msgspec
from msgspec.structs import replace

from crawler.model.window import Window
from crawler.swr.page import Page
from crawler.walk.passes.outcome import AskAgain

FIRST_LIMIT: Final = 2
_NOTHING_BEHIND: Final = AskAgain("an empty page beyond the total may be wrong", "apart")
_TAIL_LIMITS: Final = (2, 3, 5, 7, 11, 13, 17, 19, 23)  # their product is larger than any inventory


class ListTotal(NamedTuple):
    """The number of items that a list declares, None when it declares none; and what was seen at its end.

    *seen*: as many rows as declared, and no more. *beyond*: there are more rows than declared. *unseen*: neither.
    """

    total: int | None
    end: Literal["seen", "beyond", "unseen"] = "unseen"


class FirstTwo(msgspec.Struct, frozen=True):
    """A page of two. `looks` are what earlier answers claimed; `is_past_refused`: what lies behind was asked before."""

    window: Window
    looks: tuple[int, ...] = ()
    is_past_refused: bool = False

    def on_page(self, page: Page, *, last: bool, replayed: bool) -> "Answered":
        """See whether the total counts the list."""
        length, total = page.length, page.total
        if total is not None and total > length:
            return tail_of(self.window, total)
        if total is None and length:
            return ListTotal(None) if last or self.looks else self._again(length, "the page declares no total", "none")
        if length < self.window.limit:
            return self._on_short(page, max(length, total or 0), last=last, replayed=replayed)
        if self.window.limit == 1:
            return ListTotal(None)  # the total of a full page may be the length of the page
        return OnlyOne(self.window._replace(limit=1))

    def _on_short(self, page: Page, claim: int, *, last: bool, replayed: bool) -> "Answered":
        most = max(self.looks, default=-1)
        if claim == page.length == 1 and most <= 1 and not self.is_past_refused:
            return BehindOne(self.window._replace(offset=1, limit=1), page.items.keys, self.window)
        agrees = replayed or claim == most  # an earlier answer that said more outweighs it
        if agrees or (last and self.looks):
            return ListTotal(max(claim, most), "seen" if agrees and not page.doubtful else "unseen")
        return self._again(claim, f"the list declares {claim} records", "apart")

    def _again(self, claim: int, reason: str, wait: Literal["none", "apart"]) -> "Again":
        return Again(replace(self, looks=(*self.looks, claim)), AskAgain(reason, wait))


class OnlyOne(msgspec.Struct, frozen=True):
    """A page of one, after a page of two that was full and declared two."""

    window: Window

    def on_page(self, page: Page, *, last: bool, replayed: bool) -> "Answered":  # noqa: ARG002 - as all steps
        """See whether the total is larger than the page."""
        if page.total is not None and page.total > page.length:
            return tail_of(self.window, page.total)
        return ListTotal(None) if page.length or last else Again(self, AskAgain("0 of 1 items"))


class ListTail(msgspec.Struct, frozen=True):
    """A window over the end of a list that declares `total` items."""

    window: Window
    total: int

    def on_page(self, page: Page, *, last: bool, replayed: bool) -> "Answered":  # noqa: ARG002 - as all steps
        """See whether the list ends where it should."""
        total = max(self.total, page.total or 0)
        expected = min(total - self.window.offset, self.window.limit)
        if page.length < expected and not last:
            return Again(self, AskAgain(f"{page.length} of the last {expected} items"))
        if 0 < page.length < expected and total == self.total:
            return BehindLast(self.window._replace(offset=total, limit=1), total)
        return ListTotal(total, _end_of(self.window, total, page.length))

    @property
    def last_row(self) -> "ListTail":
        """The smallest window over the end, whose offset is no multiple of its size."""
        return replace(self, window=self.window._replace(offset=self.total - 1, limit=FIRST_LIMIT))


class BehindOne(msgspec.Struct, frozen=True):
    """The window behind the only item, whose key is in `only`; `first` is the window that it came in."""

    total: ClassVar = 1

    window: Window
    only: Sequence[int]
    first: Window
    was_empty: bool = False

    def on_page(self, page: Page, *, last: bool, replayed: bool) -> "Answered":
        """See whether there is another item."""
        if replayed and page.doubtful:
            return self.refused
        total = max(self.total, page.total or 0)
        if page.length and page.items.keys != self.only:
            return ListTotal(max(total, 2), "beyond")
        if not (page.length or last or replayed or self.was_empty):
            return Again(replace(self, was_empty=True), _NOTHING_BEHIND)
        return ListTotal(total, "seen" if total == 1 else "unseen")

    @property
    def refused(self) -> FirstTwo:
        """The question that follows a refusal."""
        return FirstTwo(self.first, (1,), is_past_refused=True)


class BehindLast(msgspec.Struct, frozen=True):
    """The window behind a list of `total` items, whose last pages end early: they show no end."""

    window: Window
    total: int
    was_empty: bool = False

    def on_page(self, page: Page, *, last: bool, replayed: bool) -> "Answered":
        """See whether there is another item."""
        if page.length or page.total not in {None, 0, self.total}:
            return ListTotal(max(self.total, page.total or 0))
        if not (last or replayed or self.was_empty):
            return Again(replace(self, was_empty=True), _NOTHING_BEHIND)
        return ListTotal(self.total, "seen")


Step = FirstTwo | OnlyOne | ListTail | BehindOne | BehindLast


class Again(NamedTuple):
    """The window is asked for again: `step` takes the answer."""

    step: Step
    outcome: AskAgain


Answered = Step | Again | ListTotal


def tail_of(window: Window, total: int) -> Answered:
    """Return the question for the end of a list of `total` items; without a window that shows it, the total alone."""
    limit = next((size for size in _TAIL_LIMITS if total % size), None)
    if limit is None:
        return ListTotal(total)
    return ListTail(window._replace(offset=total // limit * limit, limit=limit), total)


def _end_of(window: Window, total: int, length: int) -> Literal["seen", "beyond", "unseen"]:
    """Return what a page of this length says of a list that declares `total` items."""
    if window.offset + length > total:
        return "beyond"
    return "seen" if window.offset + length == total and length < window.limit else "unseen"
