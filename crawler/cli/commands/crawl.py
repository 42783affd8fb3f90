"""What `swr-crawler crawl` does once its flags are read: crawl, publish, and a few lines on how it went."""

import gc
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

import click

from crawler.config.config import Config
from crawler.errors import ConfigError, DiskError, IncompleteError

Environ = Mapping[str, str]


# The disk's threads want the interpreter for microseconds between two system calls. Python would let each wait 5 ms
# for it while pages are read, and after that the pages for the disk.
_SWITCH_S: Final = 0.0005


def crawl(config: Config, environ: Environ) -> int:
    """Crawl, publish, and say in a few lines how it went."""
    with _uncollected():
        from crawler.cli.console import logs, progress, summary  # noqa: PLC0415 - what a run needs is imported by a run
        from crawler.cli.console.signals import stop_signal  # noqa: PLC0415
        from crawler.crawl.run import run_crawl  # noqa: PLC0415
        from crawler.crawl.run_output import STDOUT  # noqa: PLC0415

    logs.configure(config.log_format)
    if config.summary_file is not None:
        _check_folder_of(Path(config.summary_file))  # now, and not after hours of crawling
    # Records on a terminal would write over the view.
    mode = "off" if config.output == STDOUT and sys.stdout.isatty() else config.progress
    sys.setswitchinterval(_SWITCH_S)
    result = run_crawl(config, environ, progress=progress.watcher(mode, config.log_format), stop=stop_signal)
    _tell(summary.summary(result, style=_style(result.exit_code)))
    if config.summary_file is not None:
        _write(Path(config.summary_file), summary.summary_json(result))
    return result.exit_code


@contextmanager
def _uncollected() -> Iterator[None]:
    """Import without looking for garbage, now or ever: modules are none, and it takes a sixth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _style(exit_code: int) -> Callable[[str], str]:
    """Colour the verdict; click leaves colours out where no terminal takes them."""
    colours = {0: "green", IncompleteError.exit_code: "yellow"}
    return partial(click.style, fg=colours.get(exit_code, "red"), bold=True)


def _tell(text: str) -> None:
    colour = None if "NO_COLOR" not in os.environ else False
    with suppress(OSError):  # nobody reads standard error any more: no reason to fail a crawl that did not
        click.echo(text, err=True, color=colour)


def _check_folder_of(path: Path) -> None:
    if path.is_dir() or not os.access(path.parent, os.W_OK | os.X_OK):
        raise ConfigError(f"summary_file: cannot write {path}; name a file in a folder that can be written")


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise DiskError(
            f"summary_file: cannot write {path}: {error.strerror}; make room or name another file"
        ) from None
