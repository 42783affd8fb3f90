"""A crawl and an estimate in an event loop of their own, for tests that have none."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import anyio

from crawler.config.config import Config
from crawler.crawl import estimate
from crawler.crawl.result import RunResult
from crawler.crawl.run import crawl


def run_crawl(config: Config, environ: Mapping[str, str], **seams: Any) -> RunResult:  # noqa: ANN401 - as `crawl`
    """Crawl and return how it ended; `seams` are the keyword arguments of crawler/crawl/run.py `crawl`."""
    return anyio.run(partial(crawl, config, environ, **seams))


def run_estimate(config: Config, environ: Mapping[str, str]) -> estimate.Estimate:
    """Return what a crawl would cost."""
    return anyio.run(estimate.estimate, config, environ)
