"""The official SDK: its client in a pool of threads, first pages first; its items are written to a file as JSON."""

import sys
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from typing import Any

import orjson
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.http.http_config import HttpConfig
from huaweicloudsdkswr.v2 import ListSharedReposDetailsRequest, SwrClient

from tests.bench.floors.output_files import open_files
from tests.bench.job import Job, Window, from_argv, total_of

_LINE = orjson.OPT_APPEND_NEWLINE


def crawl(job: Job) -> None:
    config = HttpConfig.get_default_config()
    config.timeout = (5, 60)
    client = (
        SwrClient.new_builder()
        .with_http_config(config)
        .with_credentials(BasicCredentials("ak", "sk", "project"))
        .with_endpoint(job.endpoint)
        .build()
    )

    def fetch(window: Window) -> tuple[Window, Any]:
        return window, client.list_shared_repos_details(
            ListSharedReposDetailsRequest(
                center=window.center,
                namespace=window.namespace,
                limit=str(job.limit),
                offset=str(window.offset),
                order_column="name",
                order_type="asc",
            )
        )

    with ExitStack() as stack:
        files = open_files(job, stack)
        pool = stack.enter_context(ThreadPoolExecutor(job.concurrency))
        pending: set[Future[tuple[Window, Any]]] = {pool.submit(fetch, window) for window in job.first_windows()}
        while pending:
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                window, page = future.result()
                if window.offset == 0:
                    pending |= {pool.submit(fetch, rest) for rest in job.rest(window, total_of(page.content_range))}
                for item in page.body:
                    fields = {name: getattr(item, name) for name in item.attribute_map if name != "total_range"}
                    files[window.center].write(orjson.dumps(fields, option=_LINE))


if __name__ == "__main__":
    crawl(from_argv())
    sys.exit(0)
