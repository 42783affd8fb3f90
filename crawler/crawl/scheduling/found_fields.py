"""The fields of a target's items that this version does not know, or cannot read: each is told once (pure)."""

from typing import Final

from crawler.crawl.observing.events import FieldsFound
from crawler.crawl.observing.observer import Observer
from crawler.model.walk_id import WalkId
from crawler.swr.page import Page

# A service may send any number of unknown fields; a person reads the report of them.
_MAX_UNKNOWN_FIELDS: Final = 1000


class FoundFields:
    """The names of the fields found so far."""

    def __init__(self) -> None:
        self.unknown: set[str] = set()
        self._invalid: set[str] = set()

    def on_page(self, walk: WalkId, page: Page, observer: Observer) -> None:
        """Take the fields of a page; tell the observer of new ones."""
        new = page.items.unknown - self.unknown
        if new and len(self.unknown) < _MAX_UNKNOWN_FIELDS:
            self.unknown |= new
            observer.on_unknown_fields(FieldsFound(walk, tuple(sorted(new))))
        new = page.items.invalid_fields - self._invalid
        if new:
            self._invalid |= new
            observer.on_invalid_fields(FieldsFound(walk, tuple(sorted(new))))
