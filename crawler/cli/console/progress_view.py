"""The live view of a crawl as lines of text, and the arithmetic behind it (pure).

    default  ━━━━━━━━━━━━━━━━━━━━━━━──────────────  61 %  about 1 min 42 s left
             244 000 of 400 000 records · 0 of 2 walks ended · 49.8 of 50 requests/s · 12 retries

A target that is throttled says for how long yet, one that has stopped says why. Where the terminal is narrow
the second line wraps and the bar shrinks; where it is low, targets that have more to do go first.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from crawler.crawl.engine.target_stats import TargetStats, eta_s
from crawler.text.human import count, counted, duration, escaped, rate, shortened

# Long enough to smooth the bursts of the limiter, short enough to be called "now".
_WINDOW_S: Final = 3.0
# Before this the pace is that of opening connections.
_FIRST_ETA_S: Final = 1.0

_LONGEST_NAME: Final = 20
_LONGEST_BAR: Final = 40
_LEAST_BAR: Final = 8
_LEAST_WIDTH: Final = 20
_USUAL_TAIL: Final = len("  100 %  throttled for 12.5 s more")  # so that the bar keeps its length


class ProgressView(NamedTuple):
    """One look at a target, or at all of them together.

    `share` is the part of the work done, 0 to 1, 1 only when all is; `rate_per_s` is of the last seconds,
    `allowed_per_s` None for unlimited; `paused_s` is how long the gate stays closed yet.
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
        """Whether there is no more to come: every walk ended, or the target stopped."""
        return bool(self.error) or self.walks_ended == self.walks


class ProgressMeter:
    """Looks at one tally now and then. `now_s` of any clock that does not go back, the same each time."""

    def __init__(self, tally: TargetStats, now_s: float) -> None:
        self._tally = tally
        self._began_s = now_s
        self._done_before = tally.windows_done  # by the run that is resumed
        self._answers = deque([(now_s, _answered(tally))])
        self._throttled_s = tally.throttled_s
        self._opens_at_s = now_s

    def look(self, now_s: float) -> ProgressView:
        """Give what is to be seen now."""
        tally = self._tally
        over = tally.walks_ended == tally.walks
        left = max(0.0, tally.windows_left())
        return ProgressView(
            name=tally.target,
            share=1.0 if over else _share(tally.windows_done, left),
            records=tally.records,
            declared=tally.declared,
            rejected=tally.rejected,
            walks_ended=tally.walks_ended,
            walks=tally.walks,
            rate_per_s=self._rate(now_s),
            allowed_per_s=tally.rate_per_s,
            pages=tally.pages,
            retries=tally.retries,
            throttled_s=tally.throttled_s,
            paused_s=self._paused(now_s),
            eta_s=None if over or tally.error else self._eta(left, now_s),
            error=tally.error,
        )

    def _rate(self, now_s: float) -> float:
        """Give the answers per second in the window: what waits for its turn has not gone out."""
        answers = self._answers
        answers.append((now_s, _answered(self._tally)))
        while len(answers) > 2 and answers[1][0] <= now_s - _WINDOW_S:  # noqa: PLR2004 - the first and the last
            answers.popleft()
        (before_s, before), (_, after) = answers[0], answers[-1]
        return (after - before) / (now_s - before_s) if now_s > before_s else 0.0

    def _paused(self, now_s: float) -> float:
        """Give how long the gate stays closed: closing adds just the time by which its opening moves."""
        more_s = self._tally.throttled_s - self._throttled_s
        if more_s > 0:
            self._throttled_s += more_s
            self._opens_at_s = max(self._opens_at_s, now_s) + more_s
        return max(0.0, self._opens_at_s - now_s)

    def _eta(self, left: float, now_s: float) -> float | None:
        elapsed_s = now_s - self._began_s
        if elapsed_s < _FIRST_ETA_S:
            return None
        done = self._tally.windows_done - self._done_before
        return eta_s(left, done=done, elapsed_s=elapsed_s, rate_per_s=self._tally.rate_per_s)


def _answered(tally: TargetStats) -> int:
    # A copy: the crawl's thread may add a status meanwhile, and copying a dict is not interrupted.
    return sum(dict(tally.by_status).values())


def _share(done: int, left: float) -> float:
    return min(done / (done + left), 0.999) if done else 0.0


def together(sights: Sequence[ProgressView], name: str = "all targets") -> ProgressView:
    """Sum up; the time left is that of the slowest, unknown while one that goes on has none."""
    running = [sight for sight in sights if not sight.over]
    times = [sight.eta_s for sight in running if sight.eta_s is not None]
    allowed = [sight.allowed_per_s for sight in running or sights]
    stopped = sum(bool(sight.error) for sight in sights)
    return ProgressView(
        name=name,
        share=sum(sight.share for sight in sights) / len(sights),
        records=sum(sight.records for sight in sights),
        declared=sum(sight.declared for sight in sights),
        rejected=sum(sight.rejected for sight in sights),
        walks_ended=sum(sight.walks_ended for sight in sights),
        walks=sum(sight.walks for sight in sights),
        rate_per_s=sum(sight.rate_per_s for sight in sights),
        allowed_per_s=None if None in allowed else sum(each or 0.0 for each in allowed),
        pages=sum(sight.pages for sight in sights),
        retries=sum(sight.retries for sight in sights),
        throttled_s=sum(sight.throttled_s for sight in sights),
        paused_s=0.0,
        eta_s=max(times) if times and len(times) == len(running) else None,
        error=f"{stopped} of {len(sights)} stopped" if stopped and not running else "",
    )


class Glyphs(NamedTuple):
    """What a bar and a list are drawn with."""

    done: str
    rest: str
    dot: str


UNICODE: Final = Glyphs("━", "─", " · ")
ASCII: Final = Glyphs("#", "-", ", ")

Span = tuple[str, str]  # text, and its role: "name", "done", "rest", "bad", "held" or "" for plain
Line = list[Span]


def draw(sights: Sequence[ProgressView], *, width: int, height: int, glyphs: Glyphs = UNICODE) -> list[Line]:
    """Give at most `height` lines of at most `width` characters (20 at least)."""
    width = max(width, _LEAST_WIDTH)
    shown = [together(sights), *sights] if len(sights) > 1 else list(sights)
    longest = min(max(len(sight.name) for sight in shown), _LONGEST_NAME, width // 4)
    lines = [line for sight in shown for line in _block(sight, longest, width, glyphs)]
    if len(lines) <= height:
        return lines
    return _low(shown, longest, width, height, glyphs)


def _low(shown: Sequence[ProgressView], longest: int, width: int, height: int, glyphs: Glyphs) -> list[Line]:
    """Give one line for each target, those that go on before those that don't, as far as there is room."""
    total, *targets = shown
    lines = _block(total, longest, width, glyphs)
    room = max(0, height - len(lines) - 1)
    targets.sort(key=lambda sight: sight.over)
    lines += [_bar(sight, longest, width, glyphs) for sight in targets[:room]]
    if hidden := len(targets[room:]):
        lines.append([(f"and {counted(hidden, 'more target', 'more targets')}", "rest")])
    return lines[: max(height, 1)]


def _block(sight: ProgressView, longest: int, width: int, glyphs: Glyphs) -> list[Line]:
    indent = " " * (longest + 2)
    facts = _wrapped(_facts(sight), glyphs.dot, width - len(indent))
    return [_bar(sight, longest, width, glyphs), *([(indent, ""), (line, "")] for line in facts)]


def _bar(sight: ProgressView, longest: int, width: int, glyphs: Glyphs) -> Line:
    name = f"{shortened(escaped(sight.name), longest):<{longest}}  "
    room = width - len(name)
    note, role = _note(sight)
    if sight.error:
        return [(name, "name"), (shortened(escaped(note), room), role)]
    percent = f"{int(round(sight.share * 100, 3)):3} %"  # rounded down: 100 % is all
    tail = f"  {percent}  {note}" if note else f"  {percent}"
    length = min(_LONGEST_BAR, room - max(len(tail), _USUAL_TAIL))
    if length < _LEAST_BAR:
        return [(name, "name"), (shortened(tail.strip(), room), role)]
    done = int(sight.share * length)
    return [(name, "name"), (glyphs.done * done, "done"), (glyphs.rest * (length - done), "rest"), (tail, role)]


def _note(sight: ProgressView) -> Span:
    if sight.error:
        return f"stopped: {sight.error.removeprefix(f'target {sight.name}: ')}", "bad"
    if sight.paused_s:
        return f"throttled for {duration(sight.paused_s)} more", "held"
    if sight.over:
        return "all walks ended", ""
    return (f"about {duration(max(1.0, round(sight.eta_s)))} left" if sight.eta_s is not None else ""), ""


def _facts(sight: ProgressView) -> Iterable[str]:
    if sight.records > sight.declared:  # a pass is read again, or nothing is declared
        yield f"{counted(sight.records, 'record')} read, {count(sight.declared)} declared"
    else:
        yield f"{count(sight.records)} of {counted(sight.declared, 'record')}"
    yield f"{count(sight.walks_ended)} of {counted(sight.walks, 'walk')} ended"
    if sight.error:
        return
    allowed = "" if sight.allowed_per_s is None else f" of {rate(sight.allowed_per_s)}"
    yield f"{rate(sight.rate_per_s)}{allowed} requests/s"
    yield counted(sight.pages, "page")
    if sight.retries:
        yield counted(sight.retries, "retry", "retries")
    if sight.throttled_s:
        yield f"{duration(sight.throttled_s)} throttled"
    if sight.rejected:
        yield f"{count(sight.rejected)} rejected"


def _wrapped(facts: Iterable[str], dot: str, width: int) -> list[str]:
    lines: list[str] = []
    for fact in facts:
        if lines and len(lines[-1]) + len(dot) + len(fact) <= width:
            lines[-1] += dot + fact
        else:
            lines.append(shortened(fact, width))
    return lines
