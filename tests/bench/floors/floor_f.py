"""F: fetch, `orjson.loads`, `orjson.dumps` for each record, a buffered file."""

from contextlib import ExitStack

import orjson

from tests.bench.floors.fetching import Take, run
from tests.bench.floors.kept import open_files
from tests.bench.job import Job, Window

_LINE = orjson.OPT_APPEND_NEWLINE


def prepare(job: Job, stack: ExitStack) -> Take:
    files = open_files(job, stack)

    def take(window: Window, body: bytes) -> None:
        write = files[window.center].write
        for item in orjson.loads(body):
            write(orjson.dumps(item, option=_LINE))

    return take


if __name__ == "__main__":
    with ExitStack() as closing:
        run(lambda job: prepare(job, closing))
