"""G: fetch, and discard the bodies."""

from tests.bench.floors.workers import Consume, run
from tests.bench.job import Job, Window


def discard(_: Window, __: bytes) -> None: ...


def prepare(_: Job) -> Consume:
    return discard


if __name__ == "__main__":
    run(prepare)
