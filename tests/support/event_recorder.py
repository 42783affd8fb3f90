"""An observer that notes every event, and fails where a test wants it to."""

from collections.abc import Callable
from typing import Any

from crawler.crawl.observing.observer import Observer
from crawler.crawl.observing.observers import EVENTS


class Recorder(Observer):
    """Notes every event of a run, and its value; raises at the events `fails_at`."""

    def __init__(self, *fails_at: str) -> None:
        self.told: list[tuple[str, Any]] = []
        for event in EVENTS:
            setattr(self, event, self.noting(event, fails=event in fails_at))

    def noting(self, event: str, *, fails: bool) -> Callable[[object], None]:
        def note(value: object) -> None:
            self.told.append((event, value))
            if fails:
                raise RuntimeError(event)

        return note

    def of(self, event: str) -> list[Any]:
        return [value for name, value in self.told if name == event]

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.told]
