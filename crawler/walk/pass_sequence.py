"""The passes of a walk, one after the other, and when the last one is the proof (pure)."""

from typing import NamedTuple

from crawler.model.window import Window
from crawler.walk.earlier_passes import EarlierPasses
from crawler.walk.judgement import DoubleRead, Judgement, decide, if_obeyed
from crawler.walk.passes.first import First
from crawler.walk.passes.frontier import Frontier
from crawler.walk.passes.one_pass import Pass
from crawler.walk.server_profile import Refused, SharedProfile, SmallerPages, lesson_of


class WalkRules(NamedTuple):
    """When a walk is proven: within `max_passes` passes, by a `double_read`, with a census that vouches for it.

    `passes_before` is the number of passes of a walk that begins anew; they do not count.
    """

    max_passes: int
    double_read: bool = False
    is_vouched: bool = False
    passes_before: int = 0


class PassSequence:
    """The `present` pass of a walk, and what the `earlier` ones say, which are done: their `totals`, in that order."""

    __slots__ = (
        "_begun_again",
        "_double_read",
        "_limit",
        "_profile",
        "_rules",
        "_settled",
        "earlier",
        "present",
        "totals",
    )

    def __init__(self, profile: SharedProfile, rules: WalkRules) -> None:
        self._profile = profile
        self._rules = rules
        self._double_read = DoubleRead(is_required=rules.double_read)
        self._begun_again = rules.passes_before  # passes that do not count
        self._settled = 0  # windows of earlier passes
        self._limit = profile.present.limit  # of the passes so far: a resume may not know what the first one learned
        self.earlier = EarlierPasses()
        self.totals = self.earlier.totals
        self.present = self._new(1 + rules.passes_before)

    @property
    def windows(self) -> int:
        """The number of windows of all passes: new, in flight and settled."""
        return self._settled + self.present.frontier.windows

    def restart(self) -> None:
        """Begin the present pass anew, of which no window is settled: the profile has changed."""
        self.present = self._new(self.present.number)

    def step_down(self, window: Window, refused: Refused) -> bool:
        """Begin the present pass with a smaller page or another order.

        Return False when none is left, or the first page was read. Raises WalkError when `window` is not in flight.
        """
        self.present.frontier.check_in_flight(window)
        lesson = lesson_of(self._profile.present, window, refused)
        if self.present.has_first_page or lesson is None:
            return False
        self._profile.learn(lesson)
        self.restart()
        return True

    def begin_again(self, *, was_empty: bool = False) -> None:
        """Begin another pass in place of the present one, which does not count; `was_empty` when it found nothing."""
        # What was read before an interruption and what is read after it are two states of the list.
        self._begun_again += 1
        self._next(was_empty=was_empty)

    @property
    def begins_other_order(self) -> bool:
        """Whether no page is read of a pass in another order, after the first one proved nothing."""
        return self.earlier.is_other(self.present.reading.order) and not self.present.has_first_page

    def on_lost(self, window: Window, reason: str) -> None:
        """Take a window as lost. A service that lists nothing in another order is asked in the next one instead."""
        begins_other_order = self.begins_other_order
        self.present.on_lost(window, reason)
        if begins_other_order:
            self.earlier.on_unlisted(self.present.reading.order)
            self._settled += self.present.frontier.settled
            self.restart()

    def on_census(self, *, agrees: bool) -> None:
        """End a pass that is resting, or make it look for the end of its list. No pass of the walk rests again."""
        self._rules = self._rules._replace(is_vouched=False)
        if agrees:
            self.present.on_census_agrees()
        elif self.present.evidence.total:
            self.present.look_again()
        else:  # a second look at nothing
            self.begin_again(was_empty=True)

    def on_doubt(self, pass_number: int) -> None:
        """Take a page back that was read in this pass: it may belong to another request."""
        if pass_number == self.present.number:
            self.present.evidence.doubt = "a page may belong to another request"
        self._double_read.forget()
        self.earlier.forget()

    def judge(self) -> Judgement | None:
        """Return the verdict when the present pass decides it; None when it is not done, or another one begins."""
        if not self.present.is_done:
            return None
        reading = self.present.reading
        if reading.evidence.is_consistent and reading.clamped_to is not None and not reading.ends_short:
            self._profile.learn(SmallerPages(reading.clamped_to))  # in other passes a short page may be a mistake
        is_allowed = self.earlier.allow(reading, self._profile)
        confirmed = self._double_read.confirms(reading.evidence) and is_allowed
        judgement = decide(reading.evidence, self._counted, self._rules.max_passes, confirmed=confirmed)
        if judgement is None:
            self._next()
        return if_obeyed(judgement, self._profile.present)

    @property
    def _counted(self) -> int:
        return self.present.number - self._begun_again

    def _next(self, *, was_empty: bool = False) -> None:
        if self.present.number == 1 + self._rules.passes_before:
            self._limit = self.present.reading.asked_limit
        self.totals.update(self.present.evidence.totals)
        self._settled += self.present.frontier.settled
        self.present = self._new(self.present.number + 1, was_empty=was_empty)

    def _new(self, number: int, *, was_empty: bool = False) -> Pass:
        profile, rules, counted = self._profile.present, self._rules, number - self._begun_again
        limit = self._double_read.page_limit_of(counted, min(self._limit, profile.limit))
        return Pass(
            Frontier(number, limit, self._double_read.order_of(counted, profile, self.earlier.tried)),
            First(max(self.totals, default=0), was_empty=was_empty),
            is_last=counted >= rules.max_passes,
            is_vouched=rules.is_vouched,
        )
