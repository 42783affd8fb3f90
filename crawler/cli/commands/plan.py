"""`swr-crawler plan` after its flags are read: requests totals and prints what a crawl would cost."""

import click

from crawler.cli.commands.crawl import Environ
from crawler.cli.console.output import print_json
from crawler.config.config import Config
from crawler.text.human import count, duration


def plan(config: Config, environ: Environ, *, as_json: bool) -> int:
    """Request the total of each walk and print what a crawl would cost; return 0."""
    from crawler.cli.console import logs  # noqa: PLC0415
    from crawler.cli.console.output import print_table  # noqa: PLC0415
    from crawler.cli.console.signals import stop_signal  # noqa: PLC0415
    from crawler.crawl.estimate import estimate  # noqa: PLC0415

    logs.configure(config.log_format)
    found = estimate(config, environ, stop=stop_signal)
    seconds = found.seconds()
    if as_json:
        walks = [{**walk.walk._asdict(), "records": walk.records, "requests": walk.requests} for walk in found.walks]
        total = {"walks": len(walks), "records": found.records, "requests": found.requests, "seconds": seconds}
        print_json({**total, "unknown": found.unknown, "limit": found.limit, "by_walk": walks})
        return 0
    rows = [
        (str(walk.walk), "unknown" if walk.records is None else count(walk.records), count(walk.requests))
        for walk in found.walks
    ]
    rows.append((f"{len(rows)} walks", count(found.records), count(found.requests)))
    print_table(("walk", "records", "requests"), rows, right=frozenset({1, 2}))
    click.echo(_cost(found.limit, seconds, found.unknown))
    return 0


def _cost(limit: int, seconds: float | None, unknown: int) -> str:
    time = "no rate is set" if seconds is None else f"at the configured rate {duration(seconds)}"
    more = f"; {unknown} walks declare no total and cost more" if unknown else ""
    return f"pages of {limit}; {time}{more}"
