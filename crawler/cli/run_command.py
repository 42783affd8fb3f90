"""Runs one command, and turns every error into one line on standard error and an exit code.

`crawler/cli/exit_codes.py` says what the codes mean. No traceback reaches a user: that of a bug is written to a file.
"""

import errno
import signal
import sys
from contextlib import suppress
from typing import Final

import click

from crawler.cli.app import PROGRAM, cli
from crawler.cli.console.exit_status import (
    BROKEN_PIPE,
    DISK,
    INTERNAL_ERROR,
    INTERRUPTED,
    TERMINATED,
    USAGE,
    exit_code_of_error,
)
from crawler.cli.console.output import say
from crawler.cli.console.process_signals import SIGNALS
from crawler.cli.error_lines import local_limit, only_error, with_next_step
from crawler.errors import CrawlerError, ReaderGoneError, UsageError
from crawler.files.disk_errors import reason_and_advice
from crawler.files.open_files import open_files_advice
from crawler.text.human import escaped

# What a full, broken or remote device answers when standard output is written to. An error that names a file is said as
# it is, too: the user has named the file, or the disk has lost it. Every other one is a bug.
_OUTPUT_ERRORS: Final = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EBADF, errno.ESTALE, errno.ENXIO}
)


def run_command(arguments: list[str]) -> int:
    """Return the exit code of one command; print every error as one line. Never raises an Exception."""
    try:
        _check_arguments(arguments)
        code = cli.main(arguments, prog_name=PROGRAM, standalone_mode=False)
        sys.stdout.flush()
        return int(code or 0)
    except click.ClickException as error:
        _print_usage(error)
        return USAGE
    except CrawlerError as error:
        if not isinstance(error, ReaderGoneError):  # who pipes into `head` has what they want
            _print_error(with_next_step(error))
        return exit_code_of_error(error)
    except (KeyboardInterrupt, click.Abort):
        _print_error("interrupted")
        return TERMINATED if SIGNALS.received == signal.SIGTERM else INTERRUPTED
    except OSError as error:
        return _exit_code_of_os_error(error)
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback reaches a user
        only = only_error(error)
        return _exit_code_of_os_error(only) if isinstance(only, OSError) else _report_bug(only)


def _check_arguments(arguments: list[str]) -> None:
    """Raise UsageError for an argument that no system passes, but a Python program can."""
    if any("\0" in argument for argument in arguments):
        raise UsageError(f"an argument holds a NUL character; see {PROGRAM} --help")


def _print_usage(error: click.ClickException) -> None:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):  # its message is the help page
        with suppress(OSError):
            say(error.format_message(), err=True)
    else:
        _print_error(_usage_message(error))


def _usage_message(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    if isinstance(error, click.NoSuchOption) and (new := _new_spelling(error.option_name, context)):
        return f"{error.option_name} is now called {new}"
    command = context.command_path if context is not None else PROGRAM
    text = " ".join(error.format_message().split())
    return f"{text.rstrip('.')}; see {command} --help"


def _new_spelling(flag: str, context: click.Context | None) -> str | None:
    """Return what an old flag is called now, if the command at hand has the new one; else None."""
    from crawler.config.renamed import renamed_flags  # noqa: PLC0415 - a wrong flag alone needs it

    parameters = [] if context is None else context.command.params
    flags = {name for parameter in parameters for name in (*parameter.opts, *parameter.secondary_opts)}
    new = renamed_flags().get(flag)
    return new if new in flags else None


def _exit_code_of_os_error(error: OSError) -> int:
    """Return the exit code for a stream or a file that could not be written."""
    if isinstance(error, BrokenPipeError | ConnectionResetError):
        return BROKEN_PIPE
    if open_files_advice(error.errno):
        where = error.filename or "the system gives no more files"
    elif error.errno not in _OUTPUT_ERRORS and error.filename is None:
        return _report_bug(error)
    else:
        where = error.filename or "standard output"
    _print_error(f"{where}: {reason_and_advice(error)}")
    return DISK


def _report_bug(error: Exception) -> int:
    if (limit := local_limit(error)) is not None:
        _print_error(limit.text)
        return limit.exit_code
    try:
        request = f"please report the file {_write_traceback()}"
    except OSError:  # the disk has no space for it either
        request = "please report it"
    _print_error(f"a bug in swr-crawler: {type(error).__name__}; {request}")
    return INTERNAL_ERROR


def _write_traceback() -> str:
    """Write the traceback that is being handled to a temporary file and return its path. Raises OSError.

    Its messages may quote the service, so they are masked: the frames that failed keep alive what holds the secrets.
    """
    from gc import get_objects  # noqa: PLC0415 - needed for a bug only
    from tempfile import NamedTemporaryFile  # noqa: PLC0415
    from traceback import format_exc  # noqa: PLC0415

    from crawler.text.redaction import Secrets  # noqa: PLC0415

    text = format_exc()
    for secrets in [one for one in get_objects() if isinstance(one, Secrets)]:
        text = secrets.masked(text)
    with NamedTemporaryFile("w", prefix="swr-crawler-fault-", suffix=".txt", delete=False) as file:
        file.write(text)
    return file.name


def _print_error(message: str) -> None:
    with suppress(OSError):  # with standard error closed, the exit code still tells
        say(f"{PROGRAM}: {escaped(message)}", err=True)
