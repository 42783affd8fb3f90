"""`swr-crawler crawl` after its flags are read: the crawl, its summary, and the exit code."""

import gc
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crawler.cli.console.exit_status import INCOMPLETE, SUCCESS, exit_code_of
from crawler.cli.console.output import say_styled
from crawler.cli.console.process_signals import SIGNALS, Interrupted
from crawler.config.config import Config
from crawler.errors import ConfigError, DiskError
from crawler.files.atomic import replacing
from crawler.files.presence import exists, is_dir, is_file

if TYPE_CHECKING:
    from crawler.crawl.result import RunResult

Environ = Mapping[str, str]


def crawl(config: Config, environ: Environ) -> int:
    """Crawl, publish, print the summary, and return the exit code."""
    with _garbage_collection_off():
        import anyio  # noqa: PLC0415 - needed by a run only

        from crawler.cli.console import logs, progress  # noqa: PLC0415
        from crawler.cli.console.signals import SignalStop  # noqa: PLC0415
        from crawler.cli.console.summary import summary  # noqa: PLC0415
        from crawler.cli.console.summary_json import summary_json  # noqa: PLC0415
        from crawler.crawl import run  # noqa: PLC0415
        from crawler.crawl.run_output import STDOUT  # noqa: PLC0415

    logs.configure(config.log_format)
    if config.summary_file is not None:
        _check_summary_file(Path(config.summary_file))  # now, and not after hours of crawling
    # Records on the same terminal would overwrite the live view.
    mode = "off" if config.output == STDOUT and sys.stdout.isatty() else config.progress
    stop = SignalStop()
    observer = progress.progress_observer(mode, config.log_format)
    with observer or nullcontext():
        result = anyio.run(partial(run.crawl, config, environ, observer=observer, stop=stop))
    code = exit_code_of(result)
    _print(summary(result, style=_style(code)))
    was_pruning = result.pruned is not None and result.pruned.failure  # the summary says why that stopped
    if stop.reason() is not None and result.stop_reason.kind == "done" and not was_pruning:
        _print("swr-crawler: the signal came when the run had ended; it has changed nothing")
    if config.summary_file is not None:
        _write(Path(config.summary_file), summary_json(result), _what_stands(result, code))
    return code


@contextmanager
def _garbage_collection_off() -> Iterator[None]:
    """Import without garbage collection, and exclude the imported modules from later ones: they are never garbage."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _style(exit_code: int) -> Callable[[str], str]:
    """Return the function that colours the status; click removes colours where no terminal shows them."""
    colours = {SUCCESS: "green", INCOMPLETE: "yellow"}
    return partial(click.style, fg=colours.get(exit_code, "red"), bold=True)


def _print(text: str) -> None:
    colour = None if "NO_COLOR" not in os.environ else False
    with suppress(OSError):  # standard error was closed; the crawl itself has not failed
        say_styled(text, err=True, color=colour)


def _check_summary_file(path: Path) -> None:
    try:
        # A file or device that is there can be written in a folder that can't.
        writable = os.access(path, os.W_OK) if exists(path) else os.access(path.parent, os.W_OK | os.X_OK)
        usable = writable and not is_dir(path)
    except OSError:  # the name is too long, or its links lead in a circle
        usable = False
    if not usable:
        raise ConfigError(f"summary_file: cannot write {path}; name a file in a folder that can be written")


def _what_stands(result: "RunResult", exit_code: int) -> str:
    published = "" if result.path is None else f"{result.path} is published; "
    return f"{published}the run itself ended with exit code {exit_code}"


def _write(path: Path, data: bytes, what_stands: str) -> None:
    """Write the summary, or raise DiskError, which says what stands nevertheless.

    A file is replaced, whatever signal comes. The reader of a pipe may never read: then a signal ends the wait.
    """
    try:
        may_wait = exists(path) and not is_file(path) and SIGNALS.received is None
        with SIGNALS.raising() if may_wait else nullcontext(), replacing(path) as file:
            file.write(data)
    except OSError as error:
        reason = error.strerror or error
    except Interrupted:
        reason = "interrupted"
    else:
        return
    raise DiskError(f"summary_file: cannot write {path}: {reason}; {what_stands}; name a file that can be written")
