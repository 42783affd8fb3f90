"""The job of every subject, passed on its command line. Imports only the standard library: peers have another venv."""

import sys
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Final, NamedTuple

PATH: Final = "/v2/manage/shared-repositories"
# The order that our crawl requests, so that the server does the same work for every subject.
ORDER: Final = "order_column=name&order_type=asc"


class Window(NamedTuple):
    """Items `[offset, offset + limit)` of one walk; `limit` is that of the job."""

    center: str
    namespace: str
    offset: int


class Job(NamedTuple):
    """One crawl: every namespace in `namespaces_file` and every center, written below the folder `output`."""

    endpoint: str
    token: str
    namespaces_file: Path
    output: Path
    centers: tuple[str, ...]
    limit: int
    concurrency: int

    def argv(self) -> tuple[str, ...]:
        """Return the arguments that `from_argv` reads."""
        return (*map(str, self[:4]), ",".join(self.centers), str(self.limit), str(self.concurrency))

    def namespaces(self) -> list[str]:
        return self.namespaces_file.read_text(encoding="utf-8").splitlines()

    def first_windows(self) -> list[Window]:
        """Return the first window of every walk."""
        return [Window(center, namespace, 0) for center, namespace in product(self.centers, self.namespaces())]

    def rest(self, first: Window, total: int) -> list[Window]:
        """Return the windows of a walk after its first one; `total` is the number of its records."""
        return [first._replace(offset=offset) for offset in range(self.limit, total, self.limit)]

    def url(self, window: Window) -> str:
        query = f"center={window.center}&limit={self.limit}&namespace={window.namespace}&offset={window.offset}"
        return f"{self.endpoint}{PATH}?{query}&{ORDER}"


def from_argv(argv: Sequence[str] | None = None) -> Job:
    """Return the job on the command line."""
    endpoint, token, namespaces_file, output, centers, limit, concurrency = sys.argv[1:] if argv is None else argv
    return Job(
        endpoint, token, Path(namespaces_file), Path(output), tuple(centers.split(",")), int(limit), int(concurrency)
    )


def total_of(content_range: str) -> int:
    """Return the total of `offset-count/total`."""
    return int(content_range.rpartition("/")[2])
