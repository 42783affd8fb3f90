"""N: like F, with a new dict of 18 fields for each record, which normalizing needs."""

from contextlib import ExitStack

import orjson

from tests.bench.floors.output_files import open_files
from tests.bench.floors.workers import Consume, run
from tests.bench.job import Job, Window

_LINE = orjson.OPT_APPEND_NEWLINE


def prepare(job: Job, stack: ExitStack) -> Consume:
    files = open_files(job, stack)

    def consume(window: Window, body: bytes) -> None:
        center = window.center
        write = files[center].write
        for item in orjson.loads(body):
            record = {
                "center": center,
                "name": item["name"],
                "category": item["category"],
                "description": item["description"],
                "size": item["size"],
                "is_public": item["is_public"],
                "num_images": item["num_images"],
                "num_download": item["num_download"],
                "created_at": item["created_at"],
                "updated_at": item["updated_at"],
                "logo": item["logo"],
                "url": item["url"],
                "path": item["path"],
                "internal_path": item["internal_path"],
                "domain_name": item["domain_name"],
                "namespace": item["namespace"],
                "tags": item["tags"],
                "status": item["status"],
            }
            write(orjson.dumps(record, option=_LINE))

    return consume


if __name__ == "__main__":
    with ExitStack() as closing:
        run(lambda job: prepare(job, closing))
