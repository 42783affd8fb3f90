"""The states in which a pass reads the list up to its total: First and Declared (pure).

| answers to the first window                      | requested again until                                          |
|--------------------------------------------------|----------------------------------------------------------------|
| without a total: the service may declare none    | a second one comes without a total                             |
| nothing there: no items, and no total but 0      | a second one, some time later, says so too, and none between   |
|                                                  | them said anything else; once is enough where a census vouches |
| shorter than requested, though the total is more | the same length comes twice: then the server caps its pages    |
| refused (400, 404, 416) with "nothing found"     | it comes twice, some time apart: there is no list to prove; a  |
|                                                  | census may vouch that it would be empty                        |

An answer that says nothing is there does not outweigh an earlier one that declared a total or held items, not even one
of an earlier pass.

Source: docs/reference/swr-api.md#end-of-list, #empty-result, #nothing-found, #wrong-totals.
"""

from typing import Final

from msgspec.structs import replace

from crawler.model.window import Gap, Window
from crawler.swr.decode.batch import EMPTY_BATCH
from crawler.swr.page import EMPTY_PAGE, Page
from crawler.walk.passes.open import Open
from crawler.walk.passes.outcome import AskAgain, NoList, Outcome, Refusal, Settled, Trial
from crawler.walk.passes.questions import next_question
from crawler.walk.passes.reading import Done, Reading, Resting, State

_CONTRADICTED: Final = "an earlier answer to this request said otherwise"


def _expected(window: Window, total: int) -> int:
    """Return how many items the page of a window has when there are `total`."""
    return max(0, min(window.limit, total - window.offset))


def _is_certain(reading: Reading, window: Window, page: Page) -> bool:
    """Return whether a page that is too short came with this length before, or goes on from one that did."""
    if not page.length:
        return False
    before = reading.short_lengths.pop(window.offset, -1)
    if before == page.length or reading.frontier.out_of_line.keys_before(window) is not None:
        return True
    reading.short_lengths[window.offset] = page.length
    return False


def _left_rows_out(reading: Reading, window: Window, page: Page) -> bool:
    """Return whether the rest of a window holds rows of the page before it only: that page had left rows out."""
    before = reading.frontier.out_of_line.keys_before(window)
    return before is not None and page.length > 0 and set(page.items.keys) <= set(before)


class Declared(State, frozen=True):
    """A total says where the list ends. Any number of windows are in flight; responses come in any order."""

    puts_off = True

    def on_page(self, reading: Reading, window: Window, page: Page, trial: Trial) -> tuple[State | None, Outcome]:
        """Take a page; after one that is too short twice ask for the rest of its window, or leave a gap."""
        evidence = reading.evidence
        known = min(evidence.totals)
        expected = _expected(window, known if page.total is None else page.total)
        short = page.length < expected
        is_empty = not page.length and not page.total and known > window.offset  # a total of 0 may be wrong, too
        if _left_rows_out(reading, window, page):
            page = page._replace(items=EMPTY_BATCH)
            short = True
        elif (short or is_empty) and trial == "more" and not _is_certain(reading, window, page):
            return self, AskAgain(f"{page.length} of {_expected(window, known) if is_empty else expected} items")
        self._count(reading, window, page, expected if short else 0)
        reading.read_up_to(evidence.total)  # rows were added: so are windows
        return self, Settled(page)

    def _count(self, reading: Reading, window: Window, page: Page, expected: int) -> None:
        """Count a page; `expected` is how many items it should have when it has fewer, else 0."""
        evidence, out_of_line = reading.evidence, reading.frontier.out_of_line
        is_rest = out_of_line.keys_before(window) is not None
        reading.short_lengths.pop(window.offset, None)
        if expected:
            goes_on = page.length > 0 and out_of_line.add_rest(window, page.items.keys)
            reading.ends_short |= goes_on
            if not goes_on:
                gap = Gap(window.offset, window.offset + expected, page.length, "the page stayed short")
                evidence.gaps.append(gap)
        evidence.count(page, short=expected > 0)
        if window.offset + window.limit >= evidence.total:
            reading.last_keys = [*reading.last_keys, *page.items.keys] if is_rest else page.items.keys

    def on_lost(self, reading: Reading, window: Window, reason: str) -> State | None:
        """Record the gap and go on."""
        end = max(window.offset, min(window.offset + window.limit, reading.evidence.total))
        reading.evidence.lose(Gap(window.offset, end, 0, reason))
        return self

    def on_refused(
        self,
        reading: Reading,
        window: Window,
        refusal: Refusal,  # noqa: ARG002
    ) -> tuple[State | None, Outcome] | None:
        """Take a refusal at or beyond the smallest declared total as an empty page: the list ends before it."""
        if window.offset < min(reading.evidence.totals):
            return None
        return self.on_page(reading, window, EMPTY_PAGE, "replay")

    def on_exhausted(self, reading: Reading) -> State:
        """Return how the end of the list is seen, when the pages add up to the total at all."""
        evidence = reading.evidence
        reading.end_reading()
        if not evidence.adds_up:
            return Done()
        one_page = evidence.pages <= 1
        claim_is_enough = reading.is_short_at_end and not (evidence.disagrees or reading.ends_short)
        if reading.is_vouched and one_page and (claim_is_enough or not evidence.total):
            return Resting()
        if not evidence.total or (claim_is_enough and not one_page):
            evidence.end = "seen"
            return Done()
        return next_question(reading)


class First(State, frozen=True):
    """The first window is in flight. Its page decides how the pass goes on; the fields are what answers said so far."""

    held_before: int = 0  # the largest total of earlier passes: nothing now would contradict it
    claims: frozenset[int] = frozenset()  # the totals declared, and the lengths of pages without one
    was_empty: bool = False  # the last answer said that nothing is there
    was_refused: bool = False  # an answer was a refusal that said so
    was_without_total: bool = False
    short_length: int = -1  # of the last page that was shorter than requested

    def on_page(self, reading: Reading, window: Window, page: Page, trial: Trial) -> tuple[State | None, Outcome]:
        """Take the first page, or ask again."""
        retry = None if trial == "replay" else self._retry(reading, window, page, last=trial == "last")
        if retry is not None:
            return self._after(page, window), retry
        page = self._with_earlier_claims(page)
        evidence = reading.evidence
        if page.total is None and page.length:
            return self._without_total(reading, page)
        reading.first_key = next(iter(page.items.keys), None)
        reading.last_keys = page.items.keys
        self._set_page_limit(reading, window, page)
        evidence.count(page)
        if page.length:
            limit = reading.page_limit
            reading.frontier.begin(limit, limit, limit)
            reading.read_up_to(evidence.total)
        return Declared(), Settled(page)

    def on_lost(self, reading: Reading, window: Window, reason: str) -> State | None:
        """End the pass: no total is known, so no other window is."""
        reading.evidence.lose(Gap(window.offset, None, 0, reason))
        return Done()

    def on_refused(
        self, reading: Reading, window: Window, refusal: Refusal
    ) -> tuple[State | None, Outcome | NoList] | None:
        """Take a refusal that says "nothing found", when no answer said otherwise; it must come twice."""
        if not refusal.says_nothing or any(self.claims) or self.held_before:
            return None
        reason = f"the service answered {refusal.answer} instead of a list"
        if not self.was_refused:
            return replace(self, was_refused=True), AskAgain(reason, "apart")
        if reading.is_vouched:  # the total of the center tells whether the list is empty
            return self.on_page(reading, window, EMPTY_PAGE, "replay")
        reading.evidence.refuse(reason)
        return Done(), NoList(reason)

    # ---- requested again?

    def _retry(self, reading: Reading, window: Window, page: Page, *, last: bool) -> AskAgain | None:
        if not page.length and not page.total:
            return self._retry_empty(reading, last=last)
        if page.total is None:
            again = not (self.was_without_total or last)
            return AskAgain("the first page declares no total", "none") if again else None
        expected = min(window.limit, page.total)
        return self._retry_short(page, expected, last=last) if page.length < expected else None

    def _retry_empty(self, reading: Reading, *, last: bool) -> AskAgain | None:
        if any(self.claims) or self.held_before:
            return None if last else AskAgain("the first page is empty, and an earlier one was not")
        if self.was_empty or reading.is_vouched:
            return None
        return AskAgain("the first page is empty", "apart")  # at the last try too: one look proves nothing

    def _retry_short(self, page: Page, expected: int, *, last: bool) -> AskAgain | None:
        same, first_time = page.length == self.short_length, self.short_length < 0
        if last or (same and page.length):
            return None
        reason = f"the first page holds {page.length} of {expected} items"
        return AskAgain(reason, "none" if first_time and page.length else "backoff")

    def _after(self, page: Page, window: Window) -> "First":
        total = page.length if page.total is None else page.total
        is_short = page.length < min(window.limit, total)
        return replace(
            self,
            claims=self.claims | {total},
            was_empty=not page.length and not page.total,
            was_without_total=self.was_without_total or page.total is None,
            short_length=page.length if is_short else self.short_length,
        )

    # ---- what the page that counts says

    def _with_earlier_claims(self, page: Page) -> Page:
        """Return the page with the largest total that was declared for this window."""
        total = page.length if page.total is None else page.total
        others = {claim for claim in self.claims if claim > total}
        if not total and self.held_before:
            others.add(self.held_before)
        if not others:
            return page
        declared = page.total if page.length and page.total is None else max(others)
        return page._replace(total=declared, doubtful=True)

    def _set_page_limit(self, reading: Reading, window: Window, page: Page) -> None:
        """Set the page size to what the server makes of it: a shorter page is a cap, whatever its length before."""
        total = page.total or 0
        reading.page_limit = max(window.limit, page.length)  # some servers send more than requested
        if page.length < min(window.limit, total):
            if page.length:
                reading.page_limit = reading.clamped_to = page.length
            else:
                reading.evidence.gaps.append(Gap(0, total, 0, "the first page stayed empty"))

    def _without_total(self, reading: Reading, page: Page) -> tuple[State | None, Outcome]:
        reading.evidence.count(page)
        reading.page_limit = page.length
        return Open.begin(reading, page.length), Settled(page)
