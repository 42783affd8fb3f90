"""How a window is settled: the journal has it before the target takes it, and a loss is told before both."""

from collections.abc import Callable

from crawler.crawl.engine.settling import WindowSettler
from crawler.crawl.observing.events import FailedWindow, WindowUnread
from crawler.crawl.scheduling.scheduled import FetchTask, ScheduledWalk
from crawler.crawl.scheduling.target_scheduler import TargetScheduler
from crawler.crawl.scheduling.walk_maker import CrawlLimits
from crawler.model.walk_id import WalkId
from crawler.model.window import Window
from crawler.swr.page import Page
from crawler.walk.passes.outcome import NoList, Refusal, Settled
from crawler.walk.server_profile import Reshaped, ServerProfile
from tests.support.event_recorder import Recorder
from tests.walk.model_server import page_of

WALK = WalkId("t", "self", None)


class Noting(Recorder):
    """Notes the names of events among other things, too."""

    def __init__(self, noted: list[str]) -> None:
        self._noted = noted
        super().__init__()

    def noting(self, event: str, *, fails: bool) -> Callable[[object], None]:
        tell = super().noting(event, fails=fails)

        def note(value: object) -> None:
            self._noted.append(event)
            tell(value)

        return note


class Settling:
    """A target of one walk, whose window is in flight, and what is noted of it: journal entries and events."""

    def __init__(self) -> None:
        self.noted: list[str] = []
        self.events = Noting(self.noted)
        limits = CrawlLimits(max_tries=3, max_passes=1, double_read=False)
        self.target = TargetScheduler("t", [ScheduledWalk(0, WALK)], ServerProfile(10, (None,)), limits, self.events)
        self.settler = WindowSettler(self.target, self)
        task = self.target.next_task()
        assert task is not None
        self.task: FetchTask = task
        self.noted.clear()

    def append_page(self, walk: int, window: Window, page: Page) -> None:
        self.noted.append(f"page {walk} {window.offset} {page.length}")

    def append_loss(self, walk: int, window: Window, reason: str) -> None:
        self.noted.append(f"loss {walk} {window.offset} {reason}")

    def append_refusal(self, walk: int, window: Window, reason: str) -> None:
        self.noted.append(f"refusal {walk} {window.offset} {reason}")

    def append_doubt(self, walk: int, window: Window) -> None:
        self.noted.append(f"doubt {walk} {window.offset}")

    def append_shape(self, walk: int, shape: Reshaped) -> None:
        self.noted.append(f"shape {walk} {shape.limit}")


def read(settling: Settling) -> None:
    outcome = settling.task.walk.on_page(settling.task.window, page_of(range(10), 30), last_try=True)
    assert isinstance(outcome, Settled)
    settling.settler.settle(settling.task, outcome.page)


def test_a_page_is_in_the_journal_before_its_target_takes_it() -> None:
    settling = Settling()
    read(settling)
    assert settling.noted == ["page 0 0 10", "on_page"]


def test_a_lost_window_is_told_and_is_in_the_journal_before_its_target_takes_it() -> None:
    settling = Settling()
    settling.settler.lose(settling.task, "HTTP 503, 3 times")
    assert settling.noted == ["on_window_lost", "loss 0 0 HTTP 503, 3 times", "on_window_unread", "on_walk_end"]
    assert settling.events.of("on_window_lost") == [FailedWindow(WALK, 0, "HTTP 503, 3 times")]
    (ended,) = settling.events.of("on_walk_end")
    assert ended.judgement.verdict == "partial"


def test_a_list_that_the_service_does_not_have_is_no_loss() -> None:
    settling, refusal = Settling(), Refusal("HTTP 404 'none'", says_nothing=True)
    while not isinstance(outcome := settling.task.walk.on_refused(settling.task.window, refusal), NoList):
        assert outcome is not None, "the refusal is evidence, once it came often enough"
    settling.settler.refuse(settling.task, outcome.reason)
    assert settling.noted == [f"refusal 0 0 {outcome.reason}", "on_window_unread", "on_walk_end"]
    (unread,) = settling.events.of("on_window_unread")
    assert isinstance(unread, WindowUnread)
    assert (unread.walk, unread.window, unread.work.windows) == (WALK, settling.task.window, 1)


def test_a_walk_that_starts_again_in_another_shape_has_it_in_the_journal() -> None:
    settling = Settling()
    settling.settler.reshape(settling.task, Reshaped(5, None, filtered=False))
    assert settling.noted == ["shape 0 5"]
    again = settling.target.next_task()
    assert again is not None
    assert (again.window.offset, again.window.limit) == (0, 5)


def test_a_window_that_is_taken_back_is_in_the_journal_and_its_pass_proves_nothing() -> None:
    settling = Settling()
    read(settling)
    settling.settler.take_back(settling.task)
    assert settling.noted[2:] == ["doubt 0 0"]
