"""F: fetch, `orjson.loads`, `orjson.dumps` for each record, a buffered file."""

from contextlib import ExitStack

import orjson

from tests.bench.floors.output_files import open_files
from tests.bench.floors.workers import Consume, run
from tests.bench.job import Job, Window

_LINE = orjson.OPT_APPEND_NEWLINE


def prepare(job: Job, stack: ExitStack) -> Consume:
    files = open_files(job, stack)

    def consume(window: Window, body: bytes) -> None:
        write = files[window.center].write
        for item in orjson.loads(body):
            write(orjson.dumps(item, option=_LINE))

    return consume


if __name__ == "__main__":
    with ExitStack() as closing:
        run(lambda job: prepare(job, closing))
