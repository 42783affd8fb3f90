"""Runs a command that a signal may end at any instant."""

import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from crawler.cli.console.process_signals import SIGNALS

P = ParamSpec("P")
T = TypeVar("T")


def interruptible(command: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what a command returns; a signal raises Interrupted in it, also while it prints."""
    with SIGNALS.raising():
        code = command(*args, **kwargs)
        sys.stdout.flush()
    return code
