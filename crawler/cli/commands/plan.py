"""`swr-crawler plan` after its flags are read: requests totals and prints what a crawl would cost."""

from functools import partial
from typing import TYPE_CHECKING

from crawler.cli.commands.crawl import Environ
from crawler.cli.console.output import print_json, say
from crawler.config.config import Config
from crawler.text.human import count, duration

if TYPE_CHECKING:
    from crawler.crawl.estimate import Estimate, WalkEstimate


def plan(config: Config, environ: Environ, *, as_json: bool) -> int:
    """Request the total of each walk and print what a crawl would cost; return 0."""
    import anyio  # noqa: PLC0415 - needed by a run only

    from crawler.cli.console import logs  # noqa: PLC0415
    from crawler.cli.console.output import print_table  # noqa: PLC0415
    from crawler.cli.console.signals import SignalStop  # noqa: PLC0415
    from crawler.crawl.estimate import estimate  # noqa: PLC0415

    logs.configure(config.log_format)
    found = anyio.run(partial(estimate, config, environ, stop=SignalStop()))
    seconds = found.seconds()
    if as_json:
        walks = [_fields(walk) for walk in found.walks]
        total = {"walks": len(walks), "records": found.records, "requests": found.requests, "seconds": seconds}
        print_json({**total, "unknown": found.unknown, "limit": found.limit, "by_walk": walks})
        return 0
    rows = [(str(walk.walk), _records(walk), count(walk.requests)) for walk in found.walks]
    rows.append((f"{len(rows)} walks", count(found.records), count(found.requests)))
    print_table(("walk", "records", "requests"), rows, right=frozenset({1, 2}))
    say(_cost(found, seconds))
    return 0


def _fields(walk: "WalkEstimate") -> dict[str, object]:
    return {
        **walk.walk._asdict(),
        "records": walk.records,
        "at_least": walk.at_least,
        "requests": walk.requests,
    }


def _records(walk: "WalkEstimate") -> str:
    if walk.records is None:
        return "unknown"
    return f"at least {count(walk.records)}" if walk.at_least else count(walk.records)


def _cost(found: "Estimate", seconds: float | None) -> str:
    time = "no rate is set" if seconds is None else f"at the configured rate {duration(seconds)}"
    more = f"; {found.unknown} walks declare no total and cost more" if found.unknown else ""
    capped = "; walks with more records than they declare cost more" if found.at_least else ""
    return f"pages of {found.limit}; {time}{more}{capped}"
