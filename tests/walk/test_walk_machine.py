"""One walk under any history: asked, answered in any order, refused, lost, stopped and resumed, told nonsense."""

from copy import deepcopy
from dataclasses import replace
from typing import Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from crawler.model.window import Window
from crawler.swr.response import EMPTY_PAGE, Page
from crawler.walk.outcome import Retry, WalkError
from crawler.walk.server_profile import ServerProfile
from crawler.walk.walk import Walk
from tests.walk import model_server as model
from tests.walk.model_server import TRIES, Bounds, Nature, Server, Settled, evidence_of, page_of
from tests.walk.strategies import any_nature, bounds, rooms

_LOOKED_AT: Final = 40  # new windows; a hostile total plans more than anybody can list


def state_of(walk: Walk) -> object:
    """Everything a walk knows, for telling whether it changed."""
    now = walk._pass  # noqa: SLF001 - "changes nothing" is about what can't be seen from outside
    hidden = {name: value for name, value in vars(walk).items() if name not in {"_pass", "_profile"}}
    return deepcopy((hidden, {**vars(now), "keys": set(now.keys)}, walk._profile))  # noqa: SLF001


def new_windows(walk: Walk) -> list[Window]:
    """What a walk would ask if nothing came back, on a copy of it."""
    copy, found = deepcopy(walk), list[Window]()
    while len(found) < _LOOKED_AT and (window := copy.next_window()) is not None:
        found.append(window)
    return found


class WalkMachine(RuleBasedStateMachine):
    """The real walk against the model; its journal is `history`."""

    @initialize(nature=any_nature, how=bounds, room=rooms)
    def begin(self, nature: Nature, how: Bounds, room: int) -> None:
        self.server = Server(nature)
        self.how = how
        self.room = room
        self.dialect = ServerProfile(how.limit, how.orders)
        self.walk = self.fresh(self.dialect)
        self.flying: dict[Window, int] = {}  # and how often each was asked
        self.history: list[Settled] = []

    def fresh(self, dialect: ServerProfile) -> Walk:
        return Walk(dialect, max_passes=self.how.max_passes, double_read=self.how.double_read)

    def settled(self, number: int) -> list[Window]:
        return [window for window, _ in self.history if window.pass_number == number]

    # ---- what may happen

    @precondition(lambda self: len(self.flying) < self.room)
    @rule()
    def ask(self) -> None:
        state = self.walk._pass.state  # noqa: SLF001
        window = self.walk.next_window()
        if window is None:
            assert self.walk.verdict or self.flying, "nothing in flight, nothing to ask, no verdict"
            return
        assert state == "declared" or not self.flying
        assert window not in self.flying
        assert window not in self.settled(window.pass_number)
        assert (window.limit, window.order) == (self.walk.limit, self.walk.order)
        assert window.offset % window.limit == 0
        self.flying[window] = 0

    @precondition(lambda self: self.flying)
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        window = data.draw(st.sampled_from(list(self.flying)))
        self.flying[window] += 1
        tries = self.flying[window]
        answer = self.server.answer(window)
        if isinstance(answer, Page):
            self.take(window, answer, last_try=tries >= TRIES - 1)
        elif answer == "size refused":
            self.refuse(window, stepped_down=self.walk.on_size_refused(window))
        elif answer == "order refused":
            self.refuse(window, stepped_down=self.walk.on_order_refused(window))
        elif tries == TRIES:
            self.give_up(window)

    @precondition(lambda self: self.flying)
    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        self.give_up(data.draw(st.sampled_from(list(self.flying))))

    @rule()
    def stop_and_resume(self) -> None:
        """Forget what is in flight; the resumed walk has that and all that was new to ask, and nothing else."""
        dialect = replace(self.dialect, totals_trusted=False)  # that is learned again
        resumed = model.replay(self.fresh(dialect), self.history)
        dialect.limit, dialect.orders = self.dialect.limit, self.dialect.orders
        if resumed.has_first_page or resumed.verdict:
            expected = sorted([*self.flying, *new_windows(self.walk)])
            assert new_windows(resumed)[:_LOOKED_AT] == expected[:_LOOKED_AT]
        assert evidence_of(resumed) == evidence_of(self.walk)
        assert (resumed.has_first_page, resumed.total, resumed.windows) == (
            self.walk.has_first_page,
            self.walk.total,
            self.walk.windows,
        )
        self.dialect, self.walk = dialect, resumed
        self.flying.clear()

    @rule(data=st.data())
    def tell_nonsense(self, data: st.DataObject) -> None:
        """An event that is not possible raises WalkError and changes nothing."""
        window = Window(
            data.draw(st.integers(0, 4)),
            data.draw(st.sampled_from([-10, 0, 1, 10, 10**15]) | st.integers(0, 60)),
            data.draw(st.sampled_from([self.walk.limit, -1, 0, 1, 10])),
            data.draw(st.sampled_from([self.walk.order, None])),
        )
        before = state_of(self.walk)
        if window not in self.flying:
            for event in (
                lambda: self.walk.on_page(window, page_of([1], 1), last_try=True),
                lambda: self.walk.on_lost(window, "nonsense"),
                lambda: self.walk.on_size_refused(window),
                lambda: self.walk.on_order_refused(window),
            ):
                with pytest.raises(WalkError):
                    event()
        if not self.may_be_claimed(window):
            with pytest.raises(WalkError):
                self.walk.replay(window)
        assert state_of(self.walk) == before

    def may_be_claimed(self, window: Window) -> bool:
        if self.walk.verdict or (self.flying and self.walk._pass.state != "declared"):  # noqa: SLF001
            return False
        if not self.walk.has_first_page:  # the first window decides limit and order
            return (window.pass_number, window.offset) == (self.walk.passes, 0) and window.limit > 0
        new = new_windows(self.walk)
        return window in new or (len(new) == _LOOKED_AT and window > new[-1])

    # ---- how it is settled

    def take(self, window: Window, page: Page, *, last_try: bool) -> None:
        answered = self.walk.on_page(window, page, last_try=last_try)
        if isinstance(answered, Retry):
            assert not last_try
            return
        del self.flying[window]
        self.history.append(Settled(window, EMPTY_PAGE if answered == "skip" else page))

    def refuse(self, window: Window, *, stepped_down: bool) -> None:
        if not stepped_down:
            self.give_up(window)
            return
        assert list(self.flying) == [window]
        assert not self.settled(window.pass_number)
        self.flying.clear()

    def give_up(self, window: Window) -> None:
        self.walk.on_lost(window, "fails")
        del self.flying[window]
        self.history.append(Settled(window, None))

    # ---- what always holds

    @invariant()
    def what_is_in_flight_is_known(self) -> None:
        assert self.walk.in_flight == len(self.flying) <= self.room
        assert self.walk._pass.state == "declared" or len(self.flying) <= 1  # noqa: SLF001

    @invariant()
    def the_windows_are_new_or_in_flight_or_read_or_lost(self) -> None:
        settled = {window for window, _ in self.history}
        assert len(settled) == len(self.history)
        assert not self.flying.keys() & settled
        new = len(new_windows(self.walk))
        if new < _LOOKED_AT:
            assert self.walk.windows == len(settled) + len(self.flying) + new

    @invariant()
    def the_windows_of_a_pass_that_ended_lie_side_by_side_up_to_its_total(self) -> None:
        if self.walk.verdict is None:
            return
        settled = self.settled(self.walk.passes)
        if settled[-1][1:3] == (1, 1) and self.walk.limit > 1:  # the second item was asked how many there are
            settled.pop()
        offsets = sorted(window.offset for window in settled)
        end = len(offsets) * self.walk.limit
        assert offsets == list(range(0, end, self.walk.limit))
        left_out = any(gap.end is None or gap.end >= self.walk.total for gap in self.walk.gaps)
        assert end >= self.walk.total or left_out or self.walk.verdict == "unproven"

    @invariant()
    def what_is_proven_was_read(self) -> None:
        if self.walk.verdict == "complete":
            pages = [page for window, page in self.history if page and window.pass_number == self.walk.passes]
            keys = {key for page in pages for key in page.items.keys}
            assert len(keys) == self.walk.distinct
            assert {page.total for page in pages if page.length} <= {len(keys)}
            assert self.walk.gaps == ()


TestWalk = WalkMachine.TestCase
TestWalk.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)


@pytest.mark.slow
class TestWalkAtLength(WalkMachine.TestCase):  # type: ignore[misc,valid-type]
    settings = settings(max_examples=3_000, stateful_step_count=80, deadline=None)
