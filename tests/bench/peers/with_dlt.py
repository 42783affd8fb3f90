"""dlt: one resource for each walk, its own REST client and paginator, JSON lines in a folder.

Its defaults are not what is fastest here: as many extract workers as the others have requests in flight, no
compression (nobody else compresses), and no child table for `tags`.
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
        asked = {"center": center, "namespace": namespace, "order_column": "name", "order_type": "asc"}
        # The total is in no field that its paginator could read: it stops at the page that is empty.
        pages = client.paginate(PATH, params=asked, paginator=OffsetPaginator(limit=job.limit, total_path=None))
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
