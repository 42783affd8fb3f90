"""Laws of the progress view: true numbers, lines that fit, and nothing left behind."""

import asyncio
import io
import json
import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from subprocess import run
from threading import Event, Thread
from threading import enumerate as threads
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.cli.console import logs
from crawler.cli.console.exit_status import exit_code_of
from crawler.cli.console.progress import (
    ProgressObserver,
    can_move_cursor,
    glyphs_for,
    progress_observer,
    ticking,
)
from crawler.cli.console.progress_view import ASCII, UNICODE, Line, ProgressMeter, ProgressView, combined, draw
from crawler.config.config import Config
from crawler.config.load import load
from crawler.crawl.observing.events import CrawlEnded, CrawlStarted
from crawler.crawl.observing.target_stats import TargetStats
from crawler.emulator.faults.registry import ServerErrors
from crawler.emulator.inventory.synthetic import synthetic
from crawler.emulator.server import EmulatorSettings, RunningEmulator, emulator
from crawler.model.stop_reason import StopReason
from tests.support.running import run_crawl

XTERM = {"TERM": "xterm-256color"}


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class ClosedTerminal(Terminal):
    def write(self, _text: str) -> int:
        raise OSError(5, "Input/output error")


class ManualTicker:
    """Ticks when the test says so."""

    def __init__(self) -> None:
        self.tick: Callable[[], object] = lambda: None

    @contextmanager
    def __call__(self, tick: Callable[[], object], _every_s: float) -> Iterator[None]:
        self.tick = tick
        yield


class Clock:
    """Monotonic seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def stats(**fields: Any) -> TargetStats:  # noqa: ANN401 - the fields' own types
    return TargetStats(**{"target": "default", "walks": 2, "rate_per_s": 100.0, **fields})


@contextmanager
def showing(observer: ProgressObserver | None, counted: list[TargetStats]) -> Iterator[None]:
    """Tell an observer that a crawl begins with these counts, and that it ends."""
    observer = observer or ProgressObserver(lambda _: nullcontext())
    observer.on_crawl_start(CrawlStarted(tuple(counted)))
    yield
    observer.on_crawl_end(CrawlEnded(StopReason("done")))


def counts_of(observer: ProgressObserver | None) -> tuple[TargetStats, ...]:
    assert observer is not None
    return observer.targets


def view(**fields: Any) -> ProgressView:  # noqa: ANN401
    given: dict[str, Any] = {
        "name": "default",
        "share": 0.58,
        "records": 232_000,
        "declared": 400_000,
        "rejected": 0,
        "walks_ended": 1,
        "walks": 2,
        "rate_per_s": 98.7,
        "allowed_per_s": 100.0,
        "pages": 2320,
        "retries": 12,
        "throttled_s": 0.0,
        "paused_s": 0.0,
        "eta_s": 102.0,
        "error": "",
    }
    return ProgressView(**{**given, **fields})


def text(lines: list[Line]) -> list[str]:
    return ["".join(part for part, _ in line) for line in lines]


# --- the arithmetic


def test_the_rate_is_of_the_last_seconds_and_not_of_the_whole_run() -> None:
    counted = stats()
    meter = ProgressMeter(counted, 0.0)
    for second in range(1, 61):
        counted.by_status["200"] += 100 if second <= 30 else 10
        meter.measure(float(second))
    assert meter.measure(60.0).rate_per_s == pytest.approx(10)


def test_a_throttling_pause_is_shown_until_it_ends() -> None:
    counted = stats()
    meter = ProgressMeter(counted, 0.0)
    assert meter.measure(1.0).paused_s == 0
    counted.throttled_s += 5.0
    assert meter.measure(2.0).paused_s == pytest.approx(5)
    counted.throttled_s += 1.5  # paused again for longer
    assert meter.measure(4.0).paused_s == pytest.approx(4.5)
    assert meter.measure(9.0).paused_s == 0


def test_the_time_left_follows_the_windows_and_never_beats_the_rate() -> None:
    counted = stats(walks_started=2, windows=1000)
    meter = ProgressMeter(counted, 0.0)
    assert meter.measure(5.0).eta_s is None
    counted.windows_done = 500
    assert meter.measure(10.0).eta_s == pytest.approx(10)
    assert meter.measure(1.0).eta_s == pytest.approx(5), "500 windows at 100/s take 5 s, whatever the pace was"


def test_the_time_left_is_not_guessed_from_the_first_second() -> None:
    counted = stats(walks_started=2, windows=1000)
    meter = ProgressMeter(counted, 0.0)
    counted.windows_done = 10  # while connections were opened
    assert meter.measure(0.5).eta_s is None
    assert meter.measure(1.0).eta_s == pytest.approx(99)


def test_windows_of_the_resumed_run_count_as_done_but_not_for_the_pace() -> None:
    counted = stats(walks_started=2, windows=1000, windows_done=900)
    meter = ProgressMeter(counted, 0.0)
    counted.windows_done = 910
    seen = meter.measure(10.0)
    assert seen.share == pytest.approx(0.91)
    assert seen.eta_s == pytest.approx(90)


def test_all_is_done_when_all_walks_ended_and_not_before() -> None:
    counted = stats(walks_started=2, windows=10, windows_done=11, walks_ended=1)
    meter = ProgressMeter(counted, 0.0)
    assert meter.measure(1.0).share < 1
    counted.walks_ended = 2
    assert meter.measure(2.0).share == 1
    assert meter.measure(2.0).eta_s is None


def test_together_the_slowest_target_says_when_it_ends() -> None:
    whole = combined([view(eta_s=10.0), view(eta_s=70.0), view(error="refused", eta_s=None)])
    assert (whole.eta_s, whole.records, whole.allowed_per_s, whole.error) == (70.0, 696_000, 200.0, "")
    assert combined([view(eta_s=10.0), view(eta_s=None)]).eta_s is None
    assert combined([view(), view(allowed_per_s=None)]).allowed_per_s is None
    assert combined([view(error="x"), view(walks_ended=2)]).error == "1 of 2 stopped"


# --- the lines


def test_a_wide_terminal_gets_two_lines() -> None:
    assert text(draw([view()], width=110, height=24)) == [
        "default  ━━━━━━━━━━━━━━━━━━━━━━━─────────────────   58 %  about 1 min 42 s left",
        "         232 000 of 400 000 records · 1 of 2 walks ended · 99 of 100 requests/s · 2 320 pages · 12 retries",
    ]


def test_a_terminal_of_60_columns_gets_a_shorter_bar_and_wrapped_facts() -> None:
    assert text(draw([view()], width=60, height=24)) == [
        "default  ━━━━━━━━━────────   58 %  about 1 min 42 s left",
        "         232 000 of 400 000 records · 1 of 2 walks ended",
        "         99 of 100 requests/s · 2 320 pages · 12 retries",
    ]


def test_a_paused_and_a_stopped_target_show_that_instead_of_the_time_left() -> None:
    paused, stopped = view(paused_s=3.2, throttled_s=5.0), view(error="target default: refused \x1b[2J")
    assert text(draw([paused], width=110, height=24))[0].endswith("throttled for 3.2 s more")
    assert text(draw([stopped], width=110, height=24))[0] == "default  stopped: refused \\u001b[2J"


def test_records_read_again_are_not_shown_as_part_of_the_total() -> None:
    lines = text(draw([view(records=500_000)], width=110, height=24))
    assert "500 000 records read, 400 000 declared" in lines[1]


def test_a_narrow_terminal_gets_the_share_without_a_bar() -> None:
    assert text(draw([view()], width=20, height=24))[0].startswith("defa…  58 %")


def test_rejects_are_shown_and_retries_only_where_there_are_some() -> None:
    lines = " ".join(text(draw([view(retries=0, rejected=3)], width=110, height=24)))
    assert "3 rejected" in lines
    assert "retr" not in lines


def test_targets_that_fit_in_a_line_each_are_all_shown() -> None:
    lines = text(draw([view(name=name) for name in "abc"], width=110, height=7))
    assert [name for name in "abc" if any(line.startswith(f"{name} ") for line in lines)] == ["a", "b", "c"]
    assert not any("more target" in line for line in lines)


def test_many_targets_on_a_low_terminal_show_the_running_ones_first() -> None:
    views = [view(name=f"t{number}", walks_ended=2 * (number < 8)) for number in range(12)]
    lines = text(draw(views, width=130, height=8))
    assert len(lines) == 8
    assert lines[0].startswith("all targets")
    assert [line.split()[0] for line in lines[2:7]] == ["t8", "t9", "t10", "t11", "t0"]
    assert lines[7] == "and 7 more targets"


numbers = st.integers(0, 10**12)
seconds = st.floats(0, 10**9)
views = st.builds(
    ProgressView,
    name=st.text(min_size=1, max_size=40),
    share=st.floats(0, 1),
    records=numbers,
    declared=numbers,
    rejected=numbers,
    walks_ended=numbers,
    walks=numbers,
    rate_per_s=st.floats(0, 10**6),
    allowed_per_s=st.none() | st.floats(0.001, 10**6),
    pages=numbers,
    retries=numbers,
    throttled_s=seconds,
    paused_s=seconds,
    eta_s=st.none() | seconds,
    error=st.just("") | st.text(st.characters()),
)


@given(st.lists(views, min_size=1, max_size=30), st.integers(1, 200), st.integers(1, 60))
def test_every_view_fits_the_terminal_and_cannot_command_it(seen: list[ProgressView], width: int, height: int) -> None:
    for glyphs in (UNICODE, ASCII):
        lines = text(draw(seen, width=width, height=height, glyphs=glyphs))
        assert 1 <= len(lines) <= height
        assert all(len(line) <= max(width, 20) and line.isprintable() for line in lines)


def test_a_terminal_without_the_glyphs_gets_ascii() -> None:
    assert glyphs_for("utf-8") == UNICODE
    assert glyphs_for("ascii") == glyphs_for("no such encoding") == ASCII
    assert text(draw([view()], width=60, height=9, glyphs=ASCII))[0].isascii()


# --- which of them, and when it ends


@pytest.mark.parametrize(
    ("term", "moves"), [("xterm-256color", True), ("linux", True), ("dumb", False), ("", False), (None, False)]
)
def test_a_view_is_drawn_only_where_the_cursor_moves(term: str | None, moves: bool) -> None:  # noqa: FBT001
    environ = {} if term is None else {"TERM": term}
    assert can_move_cursor(Terminal(), environ) is moves
    assert not can_move_cursor(io.StringIO(), environ)


@pytest.mark.parametrize(
    ("mode", "log_format", "stream", "live"),
    [
        ("auto", "auto", Terminal, True),
        ("auto", "text", Terminal, True),
        ("auto", "json", Terminal, False),
        ("on", "json", Terminal, True),
        ("on", "auto", io.StringIO, False),
        ("off", "auto", Terminal, False),
    ],
)
def test_the_live_view_is_for_people_at_a_terminal(
    mode: Literal["auto", "on", "off"],
    log_format: Literal["auto", "json"],
    stream: type[io.StringIO],
    live: bool,  # noqa: FBT001
) -> None:
    shown_on = stream()
    with showing(progress_observer(mode, log_format, stream=shown_on, environ=XTERM), [stats()]):
        pass
    assert bool(shown_on.getvalue()) is live


def test_the_thread_ends_at_once_however_long_its_interval_is() -> None:
    with ticking(lambda: None, 3600):
        assert any(thread.name == "swr-crawler-progress" for thread in threads())
    assert not any(thread.name == "swr-crawler-progress" for thread in threads())


def test_a_terminal_that_has_gone_ends_the_ticks_and_not_the_crawl() -> None:
    ticked = Event()

    def tick() -> None:
        ticked.set()
        raise OSError(5, "Input/output error")

    with ticking(tick, 0.001):
        assert ticked.wait(10)


def test_lines_are_events_with_the_numbers_of_all_targets() -> None:
    stream, clock, ticker = io.StringIO(), Clock(), ManualTicker()
    logs.configure("json", stream=stream)
    counted = [stats(walks_started=2, windows=100), stats(target="b", rate_per_s=None, error="refused")]
    observer = progress_observer("auto", stream=stream, environ={}, clock=clock, ticker=ticker)
    with showing(observer, counted):
        first = counts_of(observer)[0]
        first.windows_done, first.records, clock.now_s = 50, 5000, clock.now_s + 10
        first.by_status = Counter({"200": 49, "503": 1})
        ticker.tick()
    line = json.loads(stream.getvalue())
    assert line["event"] == "run.progress"
    assert (line["records"], line["requests_per_s"], line["eta_s"]) == (5000, 5.0, 10)


def test_log_lines_appear_above_the_live_view_complete_and_in_order() -> None:
    stream, clock = Terminal(), Clock()
    logs.configure("text", stream=stream)
    with showing(progress_observer("on", stream=stream, environ=XTERM, clock=clock), [stats()]):
        for number in range(3):
            logging.getLogger("crawler.crawl.run").warning("run.stop", extra={"reason": f"[bold]{number}"})
    written = stream.getvalue()
    places = [written.index(f" run.stop reason=[bold]{number}\n") for number in range(3)]
    assert places == sorted(places)


def test_a_killed_process_leaves_the_cursor_where_people_see_it() -> None:
    stream = Terminal()
    with showing(progress_observer("on", stream=stream, environ=XTERM), [stats()]):
        shown = stream.getvalue()
        assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")


def test_no_color_leaves_no_colour() -> None:
    def drawn(environ: dict[str, str]) -> str:
        stream, ticker = Terminal(), ManualTicker()
        with showing(progress_observer("on", stream=stream, environ=environ, ticker=ticker), [stats(error="refused")]):
            ticker.tick()
        return stream.getvalue()

    assert "\x1b[1;31m" in drawn(XTERM)
    assert "31m" not in drawn({**XTERM, "NO_COLOR": "1"})
    assert "\x1b[1;31m" in drawn({**XTERM, "NO_COLOR": ""})


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    modules = "crawler.cli.console.logs, crawler.cli.console.progress, crawler.cli.console.summary"
    code = f"import sys, {modules}; print({{'rich', 'aiohttp'}} & set(sys.modules))"
    done = run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - our own words
    assert done.stdout == "set()\n"


# --- a real run


@contextmanager
def serving(settings: EmulatorSettings) -> Iterator[RunningEmulator]:
    """Serve from a thread: run_crawl has a loop of its own."""
    started, found = Event(), list[tuple[RunningEmulator, asyncio.AbstractEventLoop, asyncio.Event]]()

    async def serve() -> None:
        over = asyncio.Event()
        async with emulator(settings) as running:
            found.append((running, asyncio.get_running_loop(), over))
            started.set()
            await over.wait()

    thread = Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert started.wait(10)
    running, loop, over = found[0]
    try:
        yield running
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()


def config_of(running: RunningEmulator, output: Path) -> tuple[Config, dict[str, str]]:
    environ = {"SWR_CRAWLER_TOKEN": running.token}
    flags = {"endpoint": running.endpoint, "output": str(output), "limit": "50", "rate_per_s": "unlimited"}
    return load(flags=flags, environ=environ, file_text=None, file_name=None).config, environ


@pytest.mark.parametrize("stream_type", [Terminal, ClosedTerminal])
def test_a_crawl_under_the_live_view_ends_as_it_would_without(stream_type: type[Terminal], tmp_path: Path) -> None:
    stream = stream_type()
    logs.configure("auto", stream=stream)
    inventory = synthetic(namespaces=5, repositories=1000, seed=1)
    with serving(EmulatorSettings(inventory=inventory, faults=(ServerErrors(rate=0.2, seed=1),))) as running:
        config, environ = config_of(running, tmp_path)
        observer = progress_observer("auto", stream=stream, environ=XTERM)
        result = run_crawl(config, environ, observer=observer)
    assert exit_code_of(result) == 0
    if stream_type is Terminal:
        assert "page.retry walk=default/" in stream.getvalue()
