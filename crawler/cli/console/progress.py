"""Shows a crawl while it runs: a live view on a terminal, an event in the log every 10 s elsewhere.

It is an observer that counts the events of the run; a thread of its own reads the counts and draws, so that the crawl's
task never waits for it.
"""

import logging
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from threading import Event, Thread
from typing import TYPE_CHECKING, Final, Literal, Self, TextIO

from crawler.cli.console import logs
from crawler.cli.console.progress_view import ASCII, UNICODE, Glyphs, ProgressMeter, ProgressView, combined, draw
from crawler.crawl.observing.events import CrawlEnded, CrawlStarted, RunEnded
from crawler.crawl.observing.run_statistics import RunStatistics
from crawler.crawl.observing.target_stats import TargetStats

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text


log = logging.getLogger(__name__)

Ticker = Callable[[Callable[[], object], float], AbstractContextManager[None]]

REDRAW_S: Final = 0.25
LINE_S: Final = 10.0

_MOST_LOGGED: Final = 10_000  # log lines that wait to be drawn: a bound for a terminal that has gone
_GONE: Final = (OSError, ValueError)  # what writing to a closed terminal raises
_STYLES: Final = {"name": "bold", "done": "green", "rest": "dim", "bad": "bold red", "paused": "yellow"}


Show = Callable[[Sequence[TargetStats]], AbstractContextManager[None]]  # shows the counts while they change


class ProgressObserver(RunStatistics):
    """Shows a crawl from its first request to its last, by `show`. As a context it ends the view in any case."""

    def __init__(self, show: Show) -> None:
        super().__init__()
        self._show = show
        self._shown = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._shown.close()

    def on_crawl_start(self, crawl: CrawlStarted) -> None:
        """Begin to show what was counted before, and what is counted from now on."""
        for stats in crawl.targets:
            self.begin(stats.copy())
        self._shown.enter_context(self._show(self.targets))

    def on_crawl_end(self, crawl: CrawlEnded) -> None:
        """End the view: what follows is not counted."""
        del crawl
        self._shown.close()

    def on_run_end(self, run: RunEnded) -> None:
        """End the view of a run that was ended by an error."""
        del run
        self._shown.close()


def progress_observer(
    mode: Literal["auto", "on", "off"],
    log_format: Literal["auto", "text", "json"] = "auto",
    *,
    stream: TextIO | None = None,
    environ: Mapping[str, str] = os.environ,
    clock: Callable[[], float] = time.monotonic,
    ticker: Ticker | None = None,
) -> ProgressObserver | None:
    """Return the observer that shows a crawl on `stream`, standard error by default.

    off    None
    auto   shows a live view if `stream` is a terminal that can move its cursor (TERM is not "dumb") and the log is not
           JSON, which would mean that a program reads the terminal; else logs the event `run.progress` every 10 s
    on     as auto, but shows the live view also with a log in JSON

    With NO_COLOR the live view has no colours. `clock` returns monotonic seconds; `ticker` calls a function
    periodically, by default `ticking`.
    """
    if mode == "off":
        return None
    shown_on, ticker = stream or sys.stderr, ticker or ticking
    if can_move_cursor(shown_on, environ) and (mode == "on" or log_format != "json"):
        colours = not environ.get("NO_COLOR")
        return ProgressObserver(lambda stats: _live(stats, shown_on, clock, ticker, colours=colours))
    return ProgressObserver(lambda stats: _log_lines(stats, clock, ticker))


def can_move_cursor(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Return whether a view can be redrawn on `stream`."""
    return stream.isatty() and environ.get("TERM", "dumb") not in {"dumb", "unknown", ""}


# --- lines ---------------------------------------------------------------------------------------------------


@contextmanager
def _log_lines(stats: Sequence[TargetStats], clock: Callable[[], float], ticker: Ticker) -> Iterator[None]:
    meters = [ProgressMeter(target, clock()) for target in stats]
    with ticker(lambda: log_progress(combined([meter.measure(clock()) for meter in meters])), LINE_S):
        yield


def log_progress(view: ProgressView) -> None:
    """Log how far the run is; `requests_per_s` is since the line before, `eta_s` null while it is not known."""
    log.info(
        "run.progress",
        extra={
            "done": round(view.share, 3),
            "records": view.records,
            "declared": view.declared,
            "rejected": view.rejected,
            "pages": view.pages,
            "walks_ended": view.walks_ended,
            "walks": view.walks,
            "requests_per_s": round(view.rate_per_s, 1),
            "retries": view.retries,
            "throttled_s": round(view.throttled_s, 1),
            "eta_s": None if view.eta_s is None else round(view.eta_s),
        },
    )


# --- the live view -------------------------------------------------------------------------------------------


@contextmanager
def _live(
    stats: Sequence[TargetStats], stream: TextIO, clock: Callable[[], float], ticker: Ticker, *, colours: bool
) -> Iterator[None]:
    from rich.console import Console  # noqa: PLC0415 - slow to import, and needed on a terminal only
    from rich.live import Live  # noqa: PLC0415

    meters = [ProgressMeter(target, clock()) for target in stats]
    console = Console(file=stream, force_terminal=True, no_color=not colours, highlight=False)
    live = Live(console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False)
    view = _LiveView(console, live, lambda: [meter.measure(clock()) for meter in meters])
    with suppress(*_GONE):
        live.start()
        console.show_cursor(True)  # Live hides it, and it would stay hidden when the process is killed
    try:
        with logs.diverted(view.logged.append), ticker(view.redraw, REDRAW_S):
            yield
    finally:
        with suppress(*_GONE):
            view.print_logged()
            live.stop()


class _LiveView:
    """The live view, and the lines logged since it was drawn last.

    Log lines wait for the next drawing: if each caused one, a burst of retries would slow down the crawl.
    """

    def __init__(self, console: "Console", live: "Live", measure: Callable[[], list[ProgressView]]) -> None:
        self.logged: deque[str] = deque(maxlen=_MOST_LOGGED)
        self._console = console
        self._live = live
        self._measure = measure
        self._glyphs = glyphs_for(console.encoding)

    def redraw(self) -> None:
        """Print the lines logged since then, and draw the view below them."""
        width, height = self._console.size
        # The last line stays free: else the terminal scrolls at each drawing.
        lines = draw(self._measure(), width=width - 1, height=height - 1, glyphs=self._glyphs)
        self._live.update(self._styled(lines))
        if not self.print_logged():
            self._live.refresh()

    def print_logged(self) -> bool:
        """Print the logged lines above the view, which draws it again; return False when there were none."""
        from rich.text import Text  # noqa: PLC0415

        lines = [self.logged.popleft() for _ in range(len(self.logged))]
        if lines:
            self._console.print(Text("\n".join(lines)), soft_wrap=True)
        return bool(lines)

    def _styled(self, lines: list[list[tuple[str, str]]]) -> "Text":
        from rich.text import Text  # noqa: PLC0415

        view = Text(no_wrap=True, overflow="crop")
        for number, line in enumerate(lines):
            view.append("\n" if number else "")
            for text, role in line:
                view.append(text, _STYLES.get(role))
        return view


def glyphs_for(encoding: str) -> Glyphs:
    """Return the glyphs to use with an encoding: ASCII where it lacks the others."""
    try:
        "".join(UNICODE).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return UNICODE


@contextmanager
def ticking(tick: Callable[[], object], every_s: float) -> Iterator[None]:
    """Call `tick` every `every_s` seconds in a thread of its own, which ends at once with the context.

    When `tick` finds that the terminal has gone, it is not called again, and the crawl continues.
    """
    over = Event()

    def run() -> None:
        with suppress(*_GONE):
            while not over.wait(every_s):
                tick()

    thread = Thread(target=run, name="swr-crawler-progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
