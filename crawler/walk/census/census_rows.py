"""The records that a census of a center showed, and whether the walks of the center hold them (pure).

The totals of a center and of its walks may agree although a record is in none of them: one namespace counts one too
many, or another replica answers. But the census shows a few records, and what it showed after the walks must be in one.
"""

from collections.abc import Collection, Iterable


class CensusRows:
    """The keys of these records (model/record.py); of those from before the walks it is known whether a walk read them.

    What only a later answer shows may be in a walk, too: its keys were not looked for while the walks were read.
    """

    __slots__ = ("_early", "_held", "_shown", "_sought")

    def __init__(self) -> None:
        self._early: list[Collection[int]] | None = []  # pages that came before the first answer
        self._sought: set[int] = set()
        self._held: set[int] = set()
        self._shown: set[int] = set()

    def on_page(self, keys: Collection[int]) -> None:
        """Take the keys of a page of a walk."""
        if self._early is not None:
            self._early.append(keys)
        elif self._sought:
            found = self._sought.intersection(keys)
            self._held |= found
            self._sought -= found

    def on_shown_before(self, keys: Iterable[int]) -> None:
        """Take the keys that the census showed before the walks."""
        early, self._early = self._early or [], None
        self._sought = set(keys)
        for page in early:
            self.on_page(page)

    def on_shown_after(self, keys: Iterable[int]) -> None:
        """Take the keys that the census showed after the walks."""
        self._shown.update(keys)

    @property
    def unmatched(self) -> frozenset[int]:
        """The keys shown after the walks that no page of these is known to hold."""
        return frozenset(self._shown - self._held)
