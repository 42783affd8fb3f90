"""G: fetch, and throw the bodies away."""

from tests.bench.floors.fetching import Take, run
from tests.bench.job import Job, Window


def nothing(_: Window, __: bytes) -> None: ...


def prepare(_: Job) -> Take:
    return nothing


if __name__ == "__main__":
    run(prepare)
