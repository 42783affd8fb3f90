"""One walk: passes over its windows until one of them proves the list, or the verdict says what is missing (pure).

    pass 1 -- consistent --> complete
      | not consistent
    pass 2, 3 .. max_passes -- consistent --> complete
      | none was consistent
      |-- some windows could not be read ----> partial
      |-- no total, or the end was not seen -> unproven
      `-- every window was read, but the list changed in every pass --> drifted

What makes a pass consistent is in passes/evidence.py, the states of a pass in passes/__init__.py, the table of verdicts
in judgement.py.

The laws; each is a property in tests/walk/test_walk_laws.py:
- A walk is `complete` only after a consistent pass. With `double_read` it takes two in a row with the same
  repositories, unless one page holds the whole list.
- A total is a claim, an end is seen: a walk whose last page is full, or whose only page is short, asks once more.
- That nothing is there takes two good answers, some time apart, and none that says otherwise.
- The windows of a pass are new, in flight, read or lost: each is exactly one of these. Every item below the total is
  read or in a gap.
- The order of the responses does not change the verdict.
- A first page shorter than requested is a cap of the server when it has that length twice and the total says more: the
  pass continues with this page size. It continues with the page size of a longer first page, too. Any other page
  shorter than its window is never the end: the rest of its window is requested from where the page ended. A first page
  without a total must come twice.
- A window that failed is requested again at the end of its pass, and lost when it fails there, too.
- A walk ends: after max_passes passes at most, and no pass reads far ahead of what its pages prove (read_ahead.py).
- Rows that come twice in the place of others, while the numbers agree, show that the order of equal rows is not fixed:
  the next pass is in another order. What is read in another order must not be fewer rows than were declared before.
- A pass that was interrupted for longer than a moment begins again: a resume is a later look.

Source: docs/reference/swr-api.md#end-of-list, #wrong-totals, #moving-data, #offset-paging.
"""

from crawler.model.key_sample import KeySample
from crawler.model.verdict import Verdict
from crawler.model.window import Gap, Window
from crawler.swr.page import Page
from crawler.walk.judgement import Judgement
from crawler.walk.pass_sequence import PassSequence, WalkRules
from crawler.walk.passes.item_keys import ItemKeys
from crawler.walk.passes.outcome import AskAgain, NoList, Outcome, Refusal, WalkError
from crawler.walk.passes.reading import Reading
from crawler.walk.server_profile import Refused, SharedProfile


class Walk:
    """The state of one walk.

    Take windows with `next_window` until it returns None. Report what happened to each: `on_page`, `on_lost`,
    `on_refused` or `on_shape_refused`.

    `judgement` is None until the walk has ended; then `totals` are all that were declared in any pass, in that order,
    `distinct` is the number of identities of the last pass, `duplicates` that of its other items, `sample` has some of
    its keys, `gaps` is what it did not read. `earlier` compares its passes. `waiting`: a response must come first.
    """

    def __init__(self, profile: SharedProfile, rules: WalkRules) -> None:
        self._passes = PassSequence(profile, rules)
        self.judgement: Judgement | None = None
        self.waiting = False
        self.totals, self.earlier = self._passes.totals, self._passes.earlier
        self.distinct, self.duplicates, self.sample = 0, 0, KeySample()
        self.gaps: tuple[Gap, ...] = ()

    @property
    def verdict(self) -> Verdict | None:
        """The verdict, None before the walk has ended."""
        return self.judgement and self.judgement.verdict

    @property
    def passes(self) -> int:
        """The number of the present pass, from 1; of the last one when the walk has ended."""
        return self._passes.present.number

    @property
    def reading(self) -> Reading:
        """What the present pass has seen; the last one when the walk has ended, without its keys."""
        return self._passes.present.reading

    @property
    def has_first_page(self) -> bool:
        """Whether the first page of this pass was read, so that the other windows are known."""
        return self._passes.present.has_first_page

    @property
    def is_resting(self) -> bool:
        """Whether the walk waits for `on_census`."""
        return self.judgement is None and self._passes.present.is_resting

    @property
    def windows(self) -> int:
        """The number of windows known to be needed, in all passes so far: new, in flight and settled."""
        return self._passes.windows

    def next_window(self) -> Window | None:
        """Take the next window, in flight from now on; None when none can be requested now."""
        window = None if self.judgement else self._passes.present.frontier.take()
        self.waiting = not window
        return window

    def replay(self, window: Window) -> None:
        """Take the window that a journal names next; its `on_page` or `on_lost` must follow."""
        if self.judgement:
            raise WalkError(f"{window}: the walk has ended")
        self._passes.present.replay(window)

    def on_page(self, window: Window, page: Page, *, last_try: bool, replayed: bool = False) -> Outcome:
        """Take a page, and say what becomes of it. With `last_try` a short page is kept, a `replayed` one always."""
        outcome = self._passes.present.on_page(window, page, "replay" if replayed else "last" if last_try else "more")
        if not isinstance(outcome, AskAgain):
            self._on_settled()
        return outcome

    def put_off(self, window: Window) -> bool:
        """Put a window that failed off to the end of its pass; return False when it is lost: it failed there, too."""
        self.waiting = False
        return self._passes.present.put_off(window)

    def on_lost(self, window: Window, reason: str, *, no_list: bool = False) -> None:
        """Record a window as lost after its last try, or replay that there is `no_list`; the walk keeps `reason`."""
        (self._passes.present.on_no_list if no_list else self._passes.on_lost)(window, reason)
        self._on_settled()

    def on_refused(self, window: Window, refusal: Refusal) -> Outcome | NoList | None:
        """Take a refusal that says "there is no such page"; return what follows, None when it is no evidence."""
        # A refusal of another order is about the order: the rows were there a moment ago.
        outcome = None if self._passes.begins_other_order else self._passes.present.on_refused(window, refusal)
        if outcome is not None and not isinstance(outcome, AskAgain):
            self._on_settled()
        return outcome

    def on_shape_refused(self, window: Window, refused: Refused) -> bool:
        """Step down to a smaller page or another order; return False when none is left, or the first page was read."""
        self.waiting = False
        return self._passes.step_down(window, refused)

    def on_interrupted(self) -> bool:
        """Begin the present pass again, after a resume that came late; return False when there is no need."""
        must_begin = not self.judgement and not self.is_resting and self.has_first_page
        if must_begin:
            self._passes.begin_again()
        return must_begin

    def on_doubt(self, window: Window) -> None:
        """Take a settled window back: its page may belong to another request, and its pass proves nothing."""
        self._passes.on_doubt(window.pass_number)

    def on_census(self, *, agrees: bool) -> None:
        """Take what the census of the center says of a walk that is resting: end it, or look again."""
        if not self.is_resting:
            raise WalkError("the walk does not wait for a census")
        self._passes.on_census(agrees=agrees)
        self._on_settled()

    def _on_settled(self) -> None:
        self.waiting = False
        self.judgement = self._passes.judge()
        if self.judgement is None:
            return
        evidence, is_complete = self.reading.evidence, self.verdict == "complete"
        self.distinct, self.sample = evidence.keys.distinct(confirmed=is_complete), evidence.keys.sample()
        self.duplicates = evidence.keys.items - self.distinct
        if not is_complete:
            self.gaps = tuple(sorted(evidence.gaps, key=lambda gap: gap.offset))
        evidence.keys = ItemKeys()  # keys are most of a run's memory
