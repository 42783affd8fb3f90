"""The entry point: handles signals before anything else is imported, runs one command, ends with its exit code.

Until `main` is called, Python's own handling is there, and its Ctrl-C prints a traceback. So this module imports
nothing, and the first thing that `main` does takes no import that is not built into the interpreter.
"""


def _end(number: int, _frame: object) -> None:
    """End the process: nothing has begun. It prints nothing, since that could fail, and Python would print more."""
    import posix  # noqa: PLC0415

    # As `SIGNALLED` of crawler/cli/console/exit_status.py; the public name of `_exit` is in `os`. Both would have to be
    # imported.
    posix._exit(128 + number)  # noqa: SLF001


def _refuse_windows() -> None:
    """End the process: the modules that lock files and limit resources are not there (`fcntl`, `resource`)."""
    import os  # noqa: PLC0415
    import sys  # noqa: PLC0415

    from crawler.cli.console.exit_status import CONFIG  # noqa: PLC0415
    from crawler.errors import NOT_ON_WINDOWS  # noqa: PLC0415

    os.write(2, f"swr-crawler: {NOT_ON_WINDOWS}\n".encode())
    sys.exit(CONFIG)


def main(arguments: list[str] | None = None) -> None:
    """Run one command and exit with its code. `arguments` are those of the process by default."""
    import _signal  # type: ignore[import-not-found]  # noqa: PLC0415 - `signal` without the enumerations that it makes

    for number in (_signal.SIGINT, _signal.SIGTERM):
        if _signal.getsignal(number) != _signal.SIG_IGN:
            _signal.signal(number, _end)

    import sys  # noqa: PLC0415 - nothing may come before the signals

    if sys.platform == "win32":
        _refuse_windows()
    from crawler.cli.console.process_signals import SIGNALS  # noqa: PLC0415

    SIGNALS.install()
    from crawler.cli.run_command import run_command  # noqa: PLC0415 - takes long
    from crawler.cli.streams import flush_streams, prepare_streams  # noqa: PLC0415

    prepare_streams()
    code = run_command(sys.argv[1:] if arguments is None else arguments)
    flush_streams()
    SIGNALS.end(code)
    sys.exit(code)
