"""Several observers of a run: each is told of each event, and one that fails is left out while the run goes on."""

import asyncio
import logging
from typing import Any

import pytest

from crawler.crawl.observing.events import DoubtfulPage, StopRequested
from crawler.crawl.observing.observer import Observer
from crawler.crawl.observing.observers import EVENTS, Observers
from crawler.model.walk_id import WalkId

PAGE = DoubtfulPage(WalkId("eu", "self", None), 300)
STOP = StopRequested(15)


class Noting(Observer):
    """Notes every event in `seen`; raises `error` at each if there is one."""

    def __init__(self, seen: list[str], name: str = "", error: BaseException | None = None) -> None:
        for event in EVENTS:
            setattr(self, event, lambda _, event=event: self.note(f"{name}{event}"))
        self.seen = seen
        self.error = error

    def note(self, event: str) -> None:
        self.seen.append(event)
        if self.error is not None:
            raise self.error


class UnreadableError(Exception):
    def __str__(self) -> str:
        raise ValueError("no text")


def tell_all(observer: Observer) -> None:
    value: Any = PAGE
    for event in EVENTS:
        getattr(observer, event)(value)


def warnings(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, str]]:
    found = [vars(record) for record in caplog.records if record.message == "observer.failed"]
    return [(one["observer"], one["method"], one["reason"]) for one in found]


def test_an_observer_that_overrides_nothing_may_be_told_everything() -> None:
    tell_all(Observer())
    tell_all(Observers([Observer()]))
    tell_all(Observers([]))


def test_each_observer_is_told_each_event_in_the_order_of_the_observers() -> None:
    seen: list[str] = []
    observers = Observers([Noting(seen, "a.")], [Noting(seen, "b.")])
    observers.on_stop_request(STOP)
    observers.on_doubtful_page(PAGE)
    assert seen == ["a.on_stop_request", "b.on_stop_request", "a.on_doubtful_page", "b.on_doubtful_page"]


def test_an_observer_is_given_the_value_of_the_event() -> None:
    class Stops(Observer):
        def __init__(self) -> None:
            self.signals: list[int] = []

        def on_stop_request(self, stop: StopRequested) -> None:
            self.signals.append(stop.signal_number)

    stops = Stops()
    observers = Observers([], [stops])
    observers.on_stop_request(STOP)
    observers.on_doubtful_page(PAGE)
    assert stops.signals == [15]


@pytest.mark.parametrize("event", EVENTS)
def test_an_observer_that_raises_is_warned_of_once_and_not_called_again(
    event: str, caplog: pytest.LogCaptureFixture
) -> None:
    failing, others = list[str](), list[str]()
    observers = Observers([Noting(failing, error=RuntimeError("no disk"))], [Noting(others)])
    getattr(observers, event)(PAGE)
    tell_all(observers)
    assert failing == [event]
    assert others == [event, *EVENTS]
    assert warnings(caplog) == [("Noting", event, "RuntimeError: no disk")]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ExceptionGroup("two", [ValueError("a"), OSError("b")]), "ExceptionGroup: two (2 sub-exceptions)"),
        (BaseExceptionGroup("one", [BaseException("a")]), "BaseExceptionGroup: one (1 sub-exception)"),
        (BaseException("a panic of an extension"), "BaseException: a panic of an extension"),
        (ValueError("two\nlines"), "ValueError: two\\nlines"),
        (ValueError(), "ValueError"),
        (UnreadableError(), "UnreadableError"),
        (ValueError("x" * 10**6), f"ValueError: {'x' * 499}…"),
    ],
    ids=["group", "base group", "base", "lines", "empty", "no text", "long"],
)
def test_whatever_an_observer_raises_the_warning_has_one_line(
    error: BaseException, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    Observers([Noting([], error=error)]).on_doubtful_page(PAGE)
    assert warnings(caplog) == [("Noting", "on_doubtful_page", reason)]


@pytest.mark.parametrize(
    "error",
    [
        KeyboardInterrupt(),
        SystemExit(1),
        asyncio.CancelledError(),
        BaseExceptionGroup("mixed", [ValueError(), BaseExceptionGroup("inner", [KeyboardInterrupt()])]),
    ],
    ids=["interrupt", "exit", "cancellation", "group"],
)
def test_what_ends_the_program_or_its_task_passes_through_an_observer(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[str] = []
    observers = Observers([Noting(seen, error=error)])
    for _ in range(2):
        with pytest.raises(type(error)):
            observers.on_doubtful_page(PAGE)
    assert len(seen) == 2
    assert warnings(caplog) == []


def test_a_log_that_fails_fails_no_run() -> None:
    def fail(record: logging.LogRecord) -> bool:
        raise RuntimeError(record)

    logger = logging.getLogger("crawler.crawl.observing.observers")
    others: list[str] = []
    logger.addFilter(fail)
    try:
        Observers([Noting([], error=ValueError())], [Noting(others)]).on_doubtful_page(PAGE)
    finally:
        logger.removeFilter(fail)
    assert others == ["on_doubtful_page"]


def test_while_a_journal_is_replayed_the_first_observers_alone_are_told() -> None:
    first, others = list[str](), list[str]()
    observers = Observers([Noting(first)], [Noting(others)])
    with observers.replaying():
        observers.on_doubtful_page(PAGE)
    observers.on_stop_request(STOP)
    assert (first, others) == (["on_doubtful_page", "on_stop_request"], ["on_stop_request"])


def test_an_observer_that_failed_in_a_replay_is_left_out_after_it_too() -> None:
    failing: list[str] = []
    observers = Observers([Noting(failing, error=ValueError())])
    with observers.replaying():
        observers.on_doubtful_page(PAGE)
    observers.on_doubtful_page(PAGE)
    assert failing == ["on_doubtful_page"]


def test_an_observer_with_an_async_method_is_refused_since_nothing_would_await_it() -> None:
    class Later(Observer):
        async def on_page(self, page: object) -> None:  # type: ignore[override]
            del page

    with pytest.raises(TypeError, match=r"Later\.on_page is async"):
        Observers([], [Later()])


def test_an_observer_need_not_derive_from_the_base() -> None:
    class Duck:
        def on_page(self, page: object) -> None:
            raise AssertionError(page)

    duck: Any = Duck()
    Observers([], [duck]).on_stop_request(STOP)
