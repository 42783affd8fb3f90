"""Opens the places that a run writes to: its workspace, and the part files of its snapshot or standard output."""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Final, Protocol

from crawler.config.config import Config
from crawler.errors import ConfigError
from crawler.files.compression.codec import Codec
from crawler.files.compression.zstd import MissingZstdError
from crawler.files.temporary import temporary_errors
from crawler.model.caller import Callers
from crawler.snapshot.layout import UNPUBLISHED
from crawler.snapshot.manifest import WalkEntry
from crawler.store.output.resume_request import ResumeRequest
from crawler.store.output.run_state import RunState
from crawler.store.output.workspace import Workspace, open_workspace
from crawler.store.part_files import PartFiles, PartWriter, StdoutWriter
from crawler.store.publish import Destination

STDOUT: Final = "-"  # the output that means standard output


@contextmanager
def open_run_workspace(
    config: Config, digest: str, callers: Callers, check: Callable[[], None] = lambda: None
) -> Iterator[Workspace]:
    """Yield the workspace of the run; for standard output a temporary folder, which is removed at the end.

    `digest` identifies the plan and `callers` who asks, as in `ResumeRequest`; `check` is as
    in `open_workspace`. Raises what `open_workspace` raises.
    """
    now = datetime.now(UTC)
    if config.output != STDOUT:
        request = ResumeRequest(digest, config.snapshot, config.resume, config.resume_max_age_s, callers)
        with open_workspace(Path(config.output), request, now, check) as workspace:
            yield workspace
        return
    with temporary_errors("the pages of this run"):
        folder = Path(mkdtemp(prefix="swr-crawler-"))
    try:
        yield Workspace(
            Destination(folder), folder, RunState(snapshot=config.snapshot or "-", plan=digest, started_at=now)
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class WalkReceiver(PartWriter, Protocol):
    """Takes the walks of a run in place of standard output. It is called in threads, one call at a time."""

    def on_walk(self, entry: WalkEntry) -> None:
        """Take the entry of a walk, all of whose lines are written and flushed."""
        ...


@contextmanager
def open_part_writer(config: Config, workspace: Workspace, receiver: WalkReceiver | None) -> Iterator[PartWriter]:
    """Yield the writer of published records; leave its files in the workspace when the run did not end.

    In place of standard output it is `receiver`, if there is one. Raises DiskError.
    """
    if config.output == STDOUT:
        yield receiver or StdoutWriter(sys.stdout.buffer)
        return
    folder = workspace.folder / UNPUBLISHED
    by_target = len(config.targets) > 1
    parts = PartFiles(folder, max_part_bytes=config.max_part_bytes, by_target=by_target, codec=_codec(config))
    try:
        yield parts
    finally:
        parts.abandon()


def _codec(config: Config) -> Codec:
    levels = {"none": 0, "zstd": config.zstd_level, "gzip": config.gzip_level}
    return Codec(config.compression, levels[config.compression])


def check_compression(config: Config) -> None:
    """Raise ConfigError for a compression that is not possible, before anything is asked or written."""
    if config.output == STDOUT and config.compression != "none":
        how = f'compression = "none", and pipe them to {config.compression}'
        raise ConfigError(
            f"compression: records to standard output are not compressed; set {how}", setting="compression"
        )
    try:
        _codec(config).encoder()
    except MissingZstdError as error:
        raise ConfigError(f"compression: {error}", setting="compression") from None
