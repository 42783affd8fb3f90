"""Shows a crawl while it runs: a live view on a terminal, a log line now and then elsewhere.

One small thread looks at the tallies; no task, and nothing in the crawl's own way.
"""

import logging
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from threading import Event, Thread
from typing import TYPE_CHECKING, Final, Literal, TextIO

from crawler.cli.console import logs
from crawler.cli.console.progress_view import ASCII, UNICODE, Glyphs, ProgressMeter, ProgressView, draw, together
from crawler.crawl.engine.target_stats import ProgressHook, TargetStats

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text


log = logging.getLogger(__name__)

Ticker = Callable[[Callable[[], object], float], AbstractContextManager[None]]

REDRAW_S: Final = 0.25
LINE_S: Final = 10.0

_MOST_SAID: Final = 10_000  # for when the terminal has gone and nobody takes them away
_GONE: Final = (OSError, ValueError)  # what writing to a terminal raises that was closed
_STYLES: Final = {"name": "bold", "done": "green", "rest": "dim", "bad": "bold red", "held": "yellow"}


def watcher(
    mode: Literal["auto", "on", "off"],
    log_format: Literal["auto", "text", "json"] = "auto",
    *,
    stream: TextIO | None = None,
    environ: Mapping[str, str] = os.environ,
    clock: Callable[[], float] = time.monotonic,
    ticker: Ticker | None = None,
) -> ProgressHook:
    """Give what shows a crawl on `stream`, standard error by default.

    off    nothing
    auto   a live view if `stream` is a terminal that can move its cursor (TERM is not "dumb"), unless the log
           was asked for as JSON: then a program reads the terminal. Otherwise an event `run.progress` every
           10 s, through logging and so as text or JSON like all others
    on     as auto, but the live view also with a log in JSON

    NO_COLOR leaves the live view without colours. `clock` gives monotonic seconds; `ticker` calls what looks
    and draws, by default `ticking`.
    """
    if mode == "off":
        return lambda _: nullcontext()
    shown_on, ticker = stream or sys.stderr, ticker or ticking
    if can_move_cursor(shown_on, environ) and (mode == "on" or log_format != "json"):
        colours = not environ.get("NO_COLOR")
        return lambda tallies: _live(tallies, shown_on, clock, ticker, colours=colours)
    return lambda tallies: _lines(tallies, clock, ticker)


def can_move_cursor(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Tell whether a view can be redrawn there."""
    return stream.isatty() and environ.get("TERM", "dumb") not in {"dumb", "unknown", ""}


# --- lines ---------------------------------------------------------------------------------------------------


@contextmanager
def _lines(tallies: Sequence[TargetStats], clock: Callable[[], float], ticker: Ticker) -> Iterator[None]:
    meters = [ProgressMeter(tally, clock()) for tally in tallies]
    with ticker(lambda: say(together([meter.look(clock()) for meter in meters])), LINE_S):
        yield


def say(sight: ProgressView) -> None:
    """Log how far the run is. `requests_per_s` is since the line before, `eta_s` null while nobody can tell."""
    log.info(
        "run.progress",
        extra={
            "done": round(sight.share, 3),
            "records": sight.records,
            "declared": sight.declared,
            "rejected": sight.rejected,
            "pages": sight.pages,
            "walks_ended": sight.walks_ended,
            "walks": sight.walks,
            "requests_per_s": round(sight.rate_per_s, 1),
            "retries": sight.retries,
            "throttled_s": round(sight.throttled_s, 1),
            "eta_s": None if sight.eta_s is None else round(sight.eta_s),
        },
    )


# --- the live view -------------------------------------------------------------------------------------------


@contextmanager
def _live(
    tallies: Sequence[TargetStats], stream: TextIO, clock: Callable[[], float], ticker: Ticker, *, colours: bool
) -> Iterator[None]:
    from rich.console import Console  # noqa: PLC0415 - 60 ms that only a terminal pays for
    from rich.live import Live  # noqa: PLC0415

    meters = [ProgressMeter(tally, clock()) for tally in tallies]
    console = Console(file=stream, force_terminal=True, no_color=not colours, highlight=False)
    live = Live(console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False)
    view = _View(console, live, lambda: [meter.look(clock()) for meter in meters])
    with suppress(*_GONE):
        live.start()
        console.show_cursor(True)  # Live hides it, and a killed process would leave it so
    try:
        with logs.diverted(view.said.append), ticker(view.redraw, REDRAW_S):
            yield
    finally:
        with suppress(*_GONE):
            view.print_said()
            live.stop()


class _View:
    """The live view, and what was logged since it was drawn.

    Log lines wait for the next drawing instead of each causing one: a burst of retries must not slow the crawl.
    """

    def __init__(self, console: "Console", live: "Live", look: Callable[[], list[ProgressView]]) -> None:
        self.said: deque[str] = deque(maxlen=_MOST_SAID)
        self._console = console
        self._live = live
        self._look = look
        self._glyphs = glyphs_for(console.encoding)

    def redraw(self) -> None:
        """Print what was logged and draw the view below it."""
        width, height = self._console.size
        # The last line is left free, or the terminal would scroll at each drawing.
        lines = draw(self._look(), width=width - 1, height=height - 1, glyphs=self._glyphs)
        self._live.update(self._styled(lines))
        if not self.print_said():
            self._live.refresh()

    def print_said(self) -> bool:
        """Print above the view what was logged; printing draws the view again. False when there was nothing."""
        from rich.text import Text  # noqa: PLC0415

        said = [self.said.popleft() for _ in range(len(self.said))]
        if said:
            self._console.print(Text("\n".join(said)), soft_wrap=True)
        return bool(said)

    def _styled(self, lines: list[list[tuple[str, str]]]) -> "Text":
        from rich.text import Text  # noqa: PLC0415

        view = Text(no_wrap=True, overflow="crop")
        for number, line in enumerate(lines):
            view.append("\n" if number else "")
            for text, role in line:
                view.append(text, _STYLES.get(role))
        return view


def glyphs_for(encoding: str) -> Glyphs:
    """Give the glyphs that an encoding has."""
    try:
        "".join(UNICODE).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return UNICODE


@contextmanager
def ticking(tick: Callable[[], object], every_s: float) -> Iterator[None]:
    """Call `tick` every so many seconds from a thread of its own, which ends at once with the context.

    When `tick` finds the terminal gone, it is called no more and the crawl goes on.
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
