"""Scrapy: one spider, first pages first, its own feed of JSON lines."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import orjson
import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.http import Response

from tests.bench.job import Job, Window, from_argv, total_of


class SharedRepositories(scrapy.Spider):
    """Requests every window of the job."""

    name = "shared-repositories"

    def __init__(self, job: Job, **given: Any) -> None:  # noqa: ANN401 - Scrapy's own
        super().__init__(**given)
        self._job = job

    async def start(self) -> AsyncIterator[Any]:
        for window in self._job.first_windows():
            yield self._request(window)

    def _request(self, window: Window) -> Any:  # noqa: ANN401 - Scrapy has no types in the venv that checks them
        headers = {"X-Auth-Token": self._job.token}
        return scrapy.Request(self._job.url(window), headers=headers, cb_kwargs={"window": window}, dont_filter=True)

    def parse(self, response: Response, window: Window) -> Iterator[Any]:
        if window.offset == 0:
            total = total_of(response.headers[b"Content-Range"].decode())
            yield from map(self._request, self._job.rest(window, total))
        for item in orjson.loads(response.body):
            item["center"] = window.center
            yield item


def crawl(job: Job) -> None:
    process = CrawlerProcess(
        {
            "CONCURRENT_REQUESTS": job.concurrency,
            "CONCURRENT_REQUESTS_PER_DOMAIN": job.concurrency,
            "CONCURRENT_ITEMS": 1000,
            "DOWNLOAD_DELAY": 0,
            "FEEDS": {str(job.output / "records.jsonl"): {"format": "jsonlines"}},
            "LOG_LEVEL": "ERROR",
            "ROBOTSTXT_OBEY": False,
            "TELNETCONSOLE_ENABLED": False,
        }
    )
    process.crawl(SharedRepositories, job=job)
    process.start()


if __name__ == "__main__":
    crawl(from_argv())
