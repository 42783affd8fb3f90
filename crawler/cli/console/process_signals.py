"""Ctrl-C (SIGINT) and SIGTERM, from the first line of the process to its last: the one place that handles them.

| the process                                      | its first signal                                                |
|--------------------------------------------------|-----------------------------------------------------------------|
| starts: imports, flags, configuration            | ends it: there is nothing to clean up                           |
| reads (`raising`): verify, diff, audit, query …  | raises Interrupted: temporary files are removed                 |
| runs (`watch`): crawl, plan, emulate, demo       | is noted: the run looks for it wherever it may end in order     |
| ends (`end`): the exit code is known             | ends it with that code                                          |

A second signal ends the process at once. A run is not interrupted by an exception: it could come between any two steps
of the disk, of an import or of a finalizer, where Python prints a traceback and goes on.

Imported before anything else, so it imports nothing that takes long.
"""

import atexit
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, Literal, NoReturn

from crawler.cli.console.exit_status import SIGNALLED

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_STDERR: Final = 2


class Interrupted(KeyboardInterrupt):
    """A signal came while a command was reading."""


class ProcessSignals:
    """What the signals of this process do. `received` is the number of the first one, None before it came."""

    def __init__(self) -> None:
        self.received: int | None = None
        self._phase: Literal["start", "raising", "watched", "end"] = "start"
        self._exit_code = 0
        self._on_first: Callable[[], object] = _nothing

    def install(self) -> None:
        """Handle the signals of this process from now on, except those that its parent made it ignore."""
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._handle)
        sys.unraisablehook = self._on_unraisable
        atexit.register(_ignore_signals)  # what is registered first is called last

    # ---- phases

    @contextmanager
    def raising(self) -> Iterator[None]:
        """Raise Interrupted at the first signal while the context lasts, or now if it came before."""
        if self.received is not None:
            raise Interrupted
        before, self._phase = self._phase, "raising"
        try:
            yield
        finally:
            self._phase = before

    def watch(self, on_first: Callable[[], object] | None = None) -> None:
        """Only note the first signal from now on; also call `on_first` then, between any two steps of the program."""
        self._phase = "watched"
        if on_first is not None:
            self._on_first = on_first

    def unwatch(self) -> None:
        """Call nothing any more at the first signal; it is still noted."""
        self._on_first = _nothing

    def end(self, exit_code: int) -> None:
        """Let a signal end the process with this code: its command has ended, and its output is written."""
        self._exit_code, self._phase = exit_code, "end"

    # ---- signals

    def _handle(self, number: int, _frame: object) -> None:
        first, self.received = self.received is None, self.received or number
        if self._phase == "end":
            os._exit(self._exit_code)
        if self._phase == "start" or not first:
            self._end_now(number, "interrupted" if first else "ended at once by a second signal")
        if self._phase == "raising":
            raise Interrupted
        self._on_first()

    def _end_now(self, number: int, what: str) -> NoReturn:
        with suppress(OSError):
            os.write(_STDERR, f"swr-crawler: {what}\n".encode())
        os._exit(SIGNALLED + number)

    def _on_unraisable(self, unraisable: "sys.UnraisableHookArgs") -> None:
        """End the process when Interrupted was raised in a finalizer, where Python prints it and goes on."""
        if isinstance(unraisable.exc_value, Interrupted) and self.received is not None:
            self._end_now(self.received, "interrupted")
        sys.__unraisablehook__(unraisable)


def _nothing() -> None:
    pass


def _ignore_signals() -> None:
    """Ignore signals while Python takes its modules apart: nothing is left to be stopped, and nothing handles them."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


SIGNALS: Final = ProcessSignals()
