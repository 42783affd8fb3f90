"""dlt: one resource for each walk, its own REST client and paginator, JSON lines in a folder.

Its defaults are not the fastest here. It gets as many extract workers as the others have requests in flight, no
compression (no other subject compresses), and no child table for `tags`.
"""

import os
from collections.abc import Iterator
from typing import Any

import dlt
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.paginators import OffsetPaginator

from tests.bench.job import PATH, Job, from_argv


def crawl(job: Job) -> None:
    client = RESTClient(base_url=job.endpoint, headers={"X-Auth-Token": job.token})

    def walk(center: str, namespace: str) -> Iterator[Any]:
        params = {"center": center, "namespace": namespace, "order_column": "name", "order_type": "asc"}
        # Its paginator cannot read the total, which is not in the body: it stops at the first empty page.
        pages = client.paginate(PATH, params=params, paginator=OffsetPaginator(limit=job.limit, total_path=None))
        for page in pages:
            yield [{**item, "center": center} for item in page]

    resources = [
        dlt.resource(
            walk(window.center, window.namespace),
            name=f"{window.center}_{window.namespace}",
            table_name="records",
            max_table_nesting=0,
            parallelized=True,
        )
        for window in job.first_windows()
    ]
    pipeline = dlt.pipeline(
        pipeline_name="bench",
        pipelines_dir=str(job.output / ".dlt"),
        destination=dlt.destinations.filesystem(bucket_url=str(job.output)),
        dataset_name="records",
    )
    pipeline.run(resources, loader_file_format="jsonl")


if __name__ == "__main__":
    the_job = from_argv()
    os.environ |= {
        "EXTRACT__WORKERS": str(the_job.concurrency),
        "EXTRACT__MAX_PARALLEL_ITEMS": str(the_job.concurrency),
        "NORMALIZE__DATA_WRITER__DISABLE_COMPRESSION": "true",
        "RUNTIME__DLTHUB_TELEMETRY": "false",
    }
    crawl(the_job)
