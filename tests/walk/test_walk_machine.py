"""One walk under any history: responses in any order, refusals, losses, resumes and impossible events."""

from copy import deepcopy
from typing import Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from crawler.model.window import Window
from crawler.swr.page import Page
from crawler.walk.passes.first import Declared
from crawler.walk.passes.item_keys import ItemKeys
from crawler.walk.passes.outcome import AskAgain, WalkError
from crawler.walk.server_profile import ServerProfile, SharedProfile
from crawler.walk.walk import Walk
from tests.support.examples import examples
from tests.walk import model_server as model
from tests.walk.model_server import TRIES, Server, ServerBehavior, Settled, WalkConfig, evidence_of, page_of
from tests.walk.strategies import any_behavior, concurrencies, walk_configs

pytestmark = pytest.mark.unmeasured

_MAX_LISTED: Final = 40  # new windows; a huge total has more than can be listed


def contents(keys: ItemKeys) -> object:
    return len(keys), keys.items, keys.has_page_of_rejects, keys.content()


def state_of(walk: Walk) -> object:
    """Return the whole state of a walk, to see whether an event changed it."""
    current, frontier = walk._passes.present, walk.reading.frontier  # noqa: SLF001 - "nothing" includes what is hidden
    state = (current._state, current.number, walk.reading.page_limit, walk.verdict, walk.windows)  # noqa: SLF001
    windows = {name: getattr(frontier, name) for name in frontier.__slots__ if name != "out_of_line"}
    windows |= {name: getattr(frontier.out_of_line, name) for name in frontier.out_of_line.__slots__}
    evidence = {name: getattr(walk.reading.evidence, name) for name in walk.reading.evidence.__slots__}
    return deepcopy((state, windows, {**evidence, "keys": contents(evidence["keys"])}, walk._passes._profile.present))  # noqa: SLF001


def new_windows(walk: Walk) -> list[Window]:
    """Return the windows that a walk would hand out without any response; works on a copy."""
    copy, found = deepcopy(walk), list[Window]()
    while len(found) < _MAX_LISTED and (window := copy.next_window()) is not None:
        found.append(window)
    return found


class WalkMachine(RuleBasedStateMachine):
    """The real walk against the model server; `history` is its journal."""

    @initialize(behavior=any_behavior, config=walk_configs, concurrency=concurrencies)
    def begin(self, behavior: ServerBehavior, config: WalkConfig, concurrency: int) -> None:
        self.server = Server(behavior)
        self.config = config
        self.concurrency = concurrency
        self.profile = SharedProfile(ServerProfile(config.limit, config.orders))
        self.walk = self.new_walk(self.profile)
        self.in_flight: dict[Window, int] = {}  # with the number of tries of each
        self.history: list[Settled] = []

    def new_walk(self, profile: SharedProfile) -> Walk:
        return Walk(profile, self.config.rules)

    def settled(self, number: int) -> list[Window]:
        return [window for window, _ in self.history if window.pass_number == number]

    def reads_in_line(self) -> bool:
        """Return whether a total says which windows there are."""
        return isinstance(self.walk._passes.present._state, Declared)  # noqa: SLF001

    # ---- what may happen

    @precondition(lambda self: len(self.in_flight) < self.concurrency)
    @rule()
    def take_window(self) -> None:
        in_line = self.reads_in_line()
        window = self.walk.next_window()
        if window is None:
            assert self.walk.verdict or self.in_flight, "nothing in flight, nothing to ask, no verdict"
            return
        assert in_line or not self.in_flight
        assert window not in self.in_flight
        assert window not in self.settled(window.pass_number)
        assert window.order == self.walk.reading.order
        is_rest = self.walk.reading.frontier.out_of_line.keys_before(window) is not None
        assert window.limit == self.walk.reading.page_limit or not in_line or is_rest
        assert window.offset % window.limit == 0 or is_rest
        self.in_flight[window] = 0

    @precondition(lambda self: self.in_flight)
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        window = data.draw(st.sampled_from(list(self.in_flight)))
        self.in_flight[window] += 1
        tries = self.in_flight[window]
        answer = self.server.answer(window)
        if isinstance(answer, Page):
            self.take(window, answer, last_try=tries >= TRIES - 1)
        elif answer == "size refused":
            self.refuse(window, stepped_down=self.walk.on_shape_refused(window, "size"))
        elif answer == "order refused":
            self.refuse(window, stepped_down=self.walk.on_shape_refused(window, "order"))
        elif tries == TRIES:
            self.give_up(window)

    @precondition(lambda self: self.in_flight)
    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        self.give_up(data.draw(st.sampled_from(list(self.in_flight))))

    @precondition(lambda self: self.in_flight)
    @rule(data=st.data())
    def put_off(self, data: st.DataObject) -> None:
        """A window that failed comes again when every other one is settled, once."""
        window = data.draw(st.sampled_from(list(self.in_flight)))
        failed_before = self.walk.reading.frontier.out_of_line.was_put_off(window)
        in_line = self.reads_in_line()
        assert self.walk.put_off(window) is (in_line and not failed_before)
        if in_line and not failed_before:
            del self.in_flight[window]

    @rule()
    def stop_and_resume(self) -> None:
        """Resume: the new windows of the resumed walk are those that were new or in flight, and no others."""
        profile = SharedProfile(self.profile.present)
        resumed = model.replay(self.new_walk(profile), self.history)
        if resumed.has_first_page or resumed.verdict:
            put_off = self.walk.reading.frontier.out_of_line.put_off
            expected = sorted({*self.in_flight, *put_off, *new_windows(self.walk)})
            assert sorted(new_windows(resumed))[:_MAX_LISTED] == expected[:_MAX_LISTED]
        assert evidence_of(resumed) == evidence_of(self.walk)
        assert (resumed.has_first_page, resumed.reading.evidence.total, resumed.windows) == (
            self.walk.has_first_page,
            self.walk.reading.evidence.total,
            self.walk.windows,
        )
        self.profile, self.walk = profile, resumed
        self.in_flight.clear()

    @rule(data=st.data())
    def send_impossible_event(self, data: st.DataObject) -> None:
        """An event that is not possible raises WalkError and changes nothing."""
        window = Window(
            data.draw(st.integers(0, 4)),
            data.draw(st.sampled_from([-10, 0, 1, 10, 10**15]) | st.integers(0, 60)),
            data.draw(st.sampled_from([self.walk.reading.frontier.limit, -1, 0, 1, 10])),
            data.draw(st.sampled_from([self.walk.reading.order, None])),
        )
        before = state_of(self.walk)
        if window not in self.in_flight:
            for event in (
                lambda: self.walk.on_page(window, page_of([1], 1), last_try=True),
                lambda: self.walk.on_lost(window, "impossible"),
                lambda: self.walk.on_shape_refused(window, "size"),
                lambda: self.walk.on_shape_refused(window, "order"),
            ):
                with pytest.raises(WalkError):
                    event()
        if not self.may_be_replayed(window):
            with pytest.raises(WalkError):
                self.walk.replay(window)
        assert state_of(self.walk) == before

    def may_be_replayed(self, window: Window) -> bool:
        if self.walk.verdict or (self.in_flight and not self.reads_in_line()):
            return False
        if not self.walk.has_first_page:  # the first window decides the page size and the order
            return (window.pass_number, window.offset) == (self.walk.passes, 0) and window.limit > 0
        new = new_windows(self.walk)
        return window in new or (len(new) == _MAX_LISTED and window > new[-1])

    # ---- how it is settled

    def take(self, window: Window, page: Page, *, last_try: bool) -> None:
        outcome = self.walk.on_page(window, page, last_try=last_try)
        if isinstance(outcome, AskAgain):
            assert not last_try or outcome.wait == "apart"
            return
        del self.in_flight[window]
        self.history.append(Settled(window, outcome.page))

    def refuse(self, window: Window, *, stepped_down: bool) -> None:
        if not stepped_down:
            self.give_up(window)
            return
        assert list(self.in_flight) == [window]
        assert not self.settled(window.pass_number)
        self.in_flight.clear()

    def give_up(self, window: Window) -> None:
        self.walk.on_lost(window, "fails")
        del self.in_flight[window]
        self.history.append(Settled(window, None))

    # ---- what always holds

    @invariant()
    def the_number_of_windows_in_flight_is_known(self) -> None:
        assert self.walk.reading.frontier.in_flight == len(self.in_flight) <= self.concurrency
        assert self.reads_in_line() or len(self.in_flight) <= 1

    @invariant()
    def the_windows_are_new_or_in_flight_or_read_or_lost(self) -> None:
        settled = {window for window, _ in self.history}
        assert len(settled) == len(self.history)
        assert not self.in_flight.keys() & settled
        new = len({*new_windows(self.walk), *self.walk.reading.frontier.out_of_line.put_off})
        if new < _MAX_LISTED:
            assert self.walk.windows == len(settled) + len(self.in_flight) + new

    @invariant()
    def the_windows_of_the_last_pass_cover_its_total_without_a_hole(self) -> None:
        if self.walk.verdict is None:
            return
        covered, total = 0, self.walk.reading.evidence.total
        settled = [one for one in self.history if one.window.pass_number == self.walk.passes]
        for window, page in sorted(settled, key=lambda one: (one.window.offset, -one.window.limit)):
            assert window.offset <= covered
            length = page.length if page else 0
            first_is_the_page_size = window.offset == 0 and length
            covered = max(covered, window.offset + (length if first_is_the_page_size else max(window.limit, length)))
        left_out = any(gap.end is None or gap.end >= total for gap in self.walk.gaps)
        assert covered >= total or left_out or self.walk.verdict == "unproven"

    @invariant()
    def a_complete_walk_was_read(self) -> None:
        if self.walk.verdict == "complete":
            pages = [page for window, page in self.history if page and window.pass_number == self.walk.passes]
            keys = {key for page in pages for key in page.items.keys}
            assert len(keys) == self.walk.distinct
            assert {page.total for page in pages if page.length} <= {len(keys)}
            assert self.walk.gaps == ()


TestWalk = WalkMachine.TestCase
TestWalk.settings = settings(max_examples=examples(quick=30), stateful_step_count=40, deadline=None)


@pytest.mark.slow
class TestWalkAtLength(WalkMachine.TestCase):  # type: ignore[misc,valid-type]
    settings = settings(max_examples=3_000, stateful_step_count=80, deadline=None)
