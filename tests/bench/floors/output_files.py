"""The output of a floor: one buffered file for each center."""

from contextlib import ExitStack
from typing import BinaryIO

from tests.bench.job import Job


def open_files(job: Job, stack: ExitStack) -> dict[str, BinaryIO]:
    """Return the open file of every center; `stack` closes them."""
    job.output.mkdir(parents=True, exist_ok=True)
    names = {center: job.output / f"{center}.ndjson" for center in job.centers}
    return {center: stack.enter_context(path.open("wb", buffering=2**20)) for center, path in names.items()}
