"""Tells several observers of each event; one that fails is left out from then on, and the run goes on.

What a journal tells of earlier processes is for the log and the statistics alone: another observer would count it once
in each process.
"""

import logging
from asyncio import CancelledError
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from inspect import iscoroutinefunction
from typing import Any, Final

from crawler.crawl.observing.observer import Observer
from crawler.text.human import excerpt

log = logging.getLogger(__name__)

EVENTS: Final = tuple(name for name in vars(Observer) if name.startswith("on_"))
# What does not come from the observer, but through it: a signal, an exit, the end of the crawl's task.
_PASSING: Final = (KeyboardInterrupt, SystemExit, GeneratorExit, CancelledError)
_LONGEST_REASON: Final = 500  # characters


class Observers(Observer):
    """Tells `first`, and then `others`, which are not told while a journal is replayed.

    Each event method of an instance calls those observers only that override it, in their order: the methods of a
    busy event cost nothing for an observer that does not listen to it. Raises TypeError for an observer with an async
    method: nothing would await it.
    """

    def __init__(self, first: Sequence[Observer], others: Sequence[Observer] = ()) -> None:
        for observer in (*first, *others):
            _check(observer)
        self._first = list(first)
        self._others = list(others)
        self._listen()

    @contextmanager
    def replaying(self) -> Iterator[None]:
        """Tell the first observers alone while the context lasts."""
        others, self._others = self._others, []
        self._listen()
        try:
            yield
        finally:
            self._others = others
            self._listen()

    def _listen(self) -> None:
        """Set the event methods of this instance by what its observers override."""
        for event in EVENTS:
            listening = [one for one in (*self._first, *self._others) if _overrides(one, event)]
            listeners = [(one, getattr(one, event)) for one in listening]
            setattr(self, event, partial(self._tell, event, listeners) if listeners else getattr(super(), event))

    def _tell(self, event: str, listeners: list[tuple[Observer, Callable[[object], None]]], value: object) -> None:
        for observer, method in listeners:
            try:
                method(value)
            except BaseException as error:
                if _is_passing(error):
                    raise
                self._leave_out(observer, event, error)

    def _leave_out(self, observer: Observer, event: str, error: BaseException) -> None:
        """Warn once of an observer that has failed, and do not call it again."""
        self._first = [one for one in self._first if one is not observer]
        self._others = [one for one in self._others if one is not observer]
        self._listen()
        extra = {"observer": type(observer).__qualname__, "method": event, "reason": _text(error)}
        with suppress(Exception):  # it may be the log that fails: a filter of the program that uses this one
            log.warning("observer.failed", extra=extra)


def _check(observer: Observer) -> None:
    for event in EVENTS:
        if iscoroutinefunction(getattr(observer, event, None)):
            name = type(observer).__qualname__
            raise TypeError(f"{name}.{event} is async, and nothing would await it: make it a plain method")


def _overrides(observer: Observer, event: str) -> bool:
    method: Callable[..., Any] | None = getattr(observer, event, None)
    return method is not None and getattr(method, "__func__", None) is not getattr(Observer, event)


def _is_passing(error: BaseException) -> bool:
    """Return whether an error is none of the observer's; a group is not when it holds such an error."""
    if isinstance(error, BaseExceptionGroup):
        return error.subgroup(_PASSING) is not None
    return isinstance(error, _PASSING)


def _text(error: BaseException) -> str:
    name = type(error).__name__
    try:
        text = excerpt(str(error), _LONGEST_REASON)
    except Exception:  # noqa: BLE001 - the error is the observer's, and so is its text
        return name
    return f"{name}: {text}" if text else name
