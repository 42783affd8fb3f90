"""The live view of a crawl as lines of text, and the arithmetic behind it (pure).

    default  ━━━━━━━━━━━━━━━━━━━━━━━──────────────  61 %  about 1 min 42 s left
             244 000 of 400 000 records · 0 of 2 walks ended · 49.8 of 50 requests/s · 12 retries

A throttled target shows how long the pause still lasts, a stopped one shows why. On a narrow terminal the second line
wraps and the bar shrinks; on a low one, targets that are still running come first.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from crawler.crawl.observing.target_stats import TargetStats, eta_s
from crawler.text.human import count, counted, duration, excerpt, rate, shortened

# Long enough to smooth the bursts of the rate limiter, short enough to show the current rate.
_WINDOW_S: Final = 3.0
# Before this, connections are still being opened, and the pace says nothing.
_FIRST_ETA_S: Final = 1.0

_LONGEST_NAME: Final = 20
_LONGEST_BAR: Final = 40
_LEAST_BAR: Final = 8
_LEAST_WIDTH: Final = 20
_USUAL_TAIL: Final = len("  100 %  throttled for 12.5 s more")  # so that the bar keeps its length


class ProgressView(NamedTuple):
    """The progress of one target, or of all targets together, at one moment.

    `share` is the fraction of the work done, 1 only when all is done; `rate_per_s` is that of the last seconds,
    `allowed_per_s` None for unlimited; `paused_s` is how long the throttling pause still lasts.
    """

    name: str
    share: float
    records: int
    declared: int
    rejected: int
    walks_ended: int
    walks: int
    rate_per_s: float
    allowed_per_s: float | None
    pages: int
    retries: int
    throttled_s: float
    paused_s: float
    eta_s: float | None
    error: str

    @property
    def over(self) -> bool:
        """Return whether there is nothing left to do: every walk ended, or the target stopped."""
        return bool(self.error) or self.walks_ended == self.walks


class ProgressMeter:
    """Measures the progress of one target from its statistics; `now_s` are seconds of one monotonic clock."""

    def __init__(self, stats: TargetStats, now_s: float) -> None:
        self._stats = stats
        self._began_s = now_s
        self._done_before = stats.windows_done  # by the run that is resumed
        self._history = deque([(now_s, _responses(stats))])
        self._throttled_s = stats.throttled_s
        self._paused_until_s = now_s

    def measure(self, now_s: float) -> ProgressView:
        """Return the progress now."""
        stats = self._stats
        over = stats.walks_ended == stats.walks
        left = max(0.0, stats.windows_left())
        return ProgressView(
            name=stats.target,
            share=1.0 if over else _share(stats.windows_done, left),
            records=stats.records,
            declared=stats.declared,
            rejected=stats.rejected,
            walks_ended=stats.walks_ended,
            walks=stats.walks,
            rate_per_s=self._rate(now_s),
            allowed_per_s=stats.rate_per_s,
            pages=stats.pages,
            retries=stats.retries,
            throttled_s=stats.throttled_s,
            paused_s=self._paused(now_s),
            eta_s=None if over or stats.error else self._eta(left, now_s),
            error=stats.error,
        )

    def _rate(self, now_s: float) -> float:
        """Return the responses per second in the last seconds: requests that wait for the rate limiter do not count."""
        history = self._history
        history.append((now_s, _responses(self._stats)))
        while len(history) > 2 and history[1][0] <= now_s - _WINDOW_S:  # noqa: PLR2004 - the first and the last
            history.popleft()
        (before_s, before), (_, after) = history[0], history[-1]
        return (after - before) / (now_s - before_s) if now_s > before_s else 0.0

    def _paused(self, now_s: float) -> float:
        """Return how long the pause still lasts: `throttled_s` grows by the time by which a pause is extended."""
        more_s = self._stats.throttled_s - self._throttled_s
        if more_s > 0:
            self._throttled_s += more_s
            self._paused_until_s = max(self._paused_until_s, now_s) + more_s
        return max(0.0, self._paused_until_s - now_s)

    def _eta(self, left: float, now_s: float) -> float | None:
        elapsed_s = now_s - self._began_s
        if elapsed_s < _FIRST_ETA_S:
            return None
        done = self._stats.windows_done - self._done_before
        return eta_s(left, done=done, elapsed_s=elapsed_s, rate_per_s=self._stats.rate_per_s)


def _responses(stats: TargetStats) -> int:
    # A copy: the crawl's thread may add a status meanwhile, and copying a dict is atomic.
    return sum(dict(stats.by_status).values())


def _share(done: int, left: float) -> float:
    return min(done / (done + left), 0.999) if done else 0.0


def combined(views: Sequence[ProgressView], name: str = "all targets") -> ProgressView:
    """Return the sums; the time left is that of the slowest target, unknown while one that runs has none."""
    running = [view for view in views if not view.over]
    times = [view.eta_s for view in running if view.eta_s is not None]
    allowed = [view.allowed_per_s for view in running or views]
    stopped = sum(bool(view.error) for view in views)
    return ProgressView(
        name=name,
        share=sum(view.share for view in views) / len(views),
        records=sum(view.records for view in views),
        declared=sum(view.declared for view in views),
        rejected=sum(view.rejected for view in views),
        walks_ended=sum(view.walks_ended for view in views),
        walks=sum(view.walks for view in views),
        rate_per_s=sum(view.rate_per_s for view in views),
        allowed_per_s=None if None in allowed else sum(each or 0.0 for each in allowed),
        pages=sum(view.pages for view in views),
        retries=sum(view.retries for view in views),
        throttled_s=sum(view.throttled_s for view in views),
        paused_s=0.0,
        eta_s=max(times) if times and len(times) == len(running) else None,
        error=f"{stopped} of {len(views)} stopped" if stopped and not running else "",
    )


class Glyphs(NamedTuple):
    """The characters of the bar, and the separator of the facts."""

    done: str
    rest: str
    dot: str


UNICODE: Final = Glyphs("━", "─", " · ")
ASCII: Final = Glyphs("#", "-", ", ")

Span = tuple[str, str]  # text, and its role: "name", "done", "rest", "bad", "paused" or "" for plain
Line = list[Span]


def draw(views: Sequence[ProgressView], *, width: int, height: int, glyphs: Glyphs = UNICODE) -> list[Line]:
    """Return at most `height` lines of at most `width` characters (20 at least)."""
    width = max(width, _LEAST_WIDTH)
    shown = [combined(views), *views] if len(views) > 1 else list(views)
    longest = min(max(len(view.name) for view in shown), _LONGEST_NAME, width // 4)
    if len(shown) <= height:  # each has a line at least: of a thousand targets none is drawn in vain
        lines = [line for view in shown for line in _block(view, longest, width, glyphs)]
        if len(lines) <= height:
            return lines
    return _compact(shown, longest, width, height, glyphs)


def _compact(shown: Sequence[ProgressView], longest: int, width: int, height: int, glyphs: Glyphs) -> list[Line]:
    """Return one line for each target, running ones first, as many as fit."""
    total, *targets = shown
    lines = _block(total, longest, width, glyphs)
    room = max(0, height - len(lines) - 1)
    targets.sort(key=lambda view: view.over)
    lines += [_bar(view, longest, width, glyphs) for view in targets[:room]]
    if hidden := len(targets[room:]):
        lines.append([(f"and {counted(hidden, 'more target', 'more targets')}", "rest")])
    return lines[: max(height, 1)]


def _block(view: ProgressView, longest: int, width: int, glyphs: Glyphs) -> list[Line]:
    indent = " " * (longest + 2)
    facts = _wrapped(_facts(view), glyphs.dot, width - len(indent))
    return [_bar(view, longest, width, glyphs), *([(indent, ""), (line, "")] for line in facts)]


def _bar(view: ProgressView, longest: int, width: int, glyphs: Glyphs) -> Line:
    name = f"{excerpt(view.name, longest):<{longest}}  "
    room = width - len(name)
    note, role = _note(view)
    if view.error:
        return [(name, "name"), (excerpt(note, room), role)]
    percent = f"{int(round(view.share * 100, 3)):3} %"  # rounded down: 100 % is all
    tail = f"  {percent}  {note}" if note else f"  {percent}"
    length = min(_LONGEST_BAR, room - max(len(tail), _USUAL_TAIL))
    if length < _LEAST_BAR:
        return [(name, "name"), (shortened(tail.strip(), room), role)]
    done = int(view.share * length)
    return [(name, "name"), (glyphs.done * done, "done"), (glyphs.rest * (length - done), "rest"), (tail, role)]


def _note(view: ProgressView) -> Span:
    if view.error:
        return f"stopped: {view.error.removeprefix(f'target {view.name}: ')}", "bad"
    if view.paused_s:
        return f"throttled for {duration(view.paused_s)} more", "paused"
    if view.over:
        return "all walks ended", ""
    return (f"about {duration(max(1.0, round(view.eta_s)))} left" if view.eta_s is not None else ""), ""


def _facts(view: ProgressView) -> Iterable[str]:
    if view.records > view.declared:  # a pass is read again, or nothing is declared
        yield f"{counted(view.records, 'record')} read, {count(view.declared)} declared"
    else:
        yield f"{count(view.records)} of {counted(view.declared, 'record')}"
    yield f"{count(view.walks_ended)} of {counted(view.walks, 'walk')} ended"
    if view.error:
        return
    allowed = "" if view.allowed_per_s is None else f" of {rate(view.allowed_per_s)}"
    yield f"{rate(view.rate_per_s)}{allowed} requests/s"
    yield counted(view.pages, "page")
    if view.retries:
        yield counted(view.retries, "retry", "retries")
    if view.throttled_s:
        yield f"{duration(view.throttled_s)} throttled"
    if view.rejected:
        yield f"{count(view.rejected)} rejected"


def _wrapped(facts: Iterable[str], dot: str, width: int) -> list[str]:
    lines: list[str] = []
    for fact in facts:
        if lines and len(lines[-1]) + len(dot) + len(fact) <= width:
            lines[-1] += dot + fact
        else:
            lines.append(shortened(fact, width))
    return lines
