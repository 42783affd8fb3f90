"""The keys of one walk, or of a snapshot: an exact set of 64-bit numbers, a few bytes each where there are many (pure).

Few keys are a plain set: adding them costs next to nothing, and they take about 80 bytes each. Of more, each is cut
in two: 16 bits say which of 65 536 places it belongs to, and the other 48 are kept there, one after the other, in one
bytes object, which is searched, and replaced by a longer one. So there is no table that has to be copied as a whole:
growing takes no memory for a moment, and the only page that waits (25 ms) is the one that ends the set.

Measured (CPython 3.11, pages of 1000): as a set 0.05 us a key and 80 bytes; a million keys 0.4 us and 13 bytes each,
four million 0.5 us and 8 bytes, ten million 0.75 us and 8 bytes: to search a place takes longer the more it holds.

The keys are what `hash` gives for strings and bytes (api/item.py, api/reject.py), which is seeded anew in each process:
who chooses the names doesn't choose the places. Keys that crowd into one place cost time, as they would in a set, and
nothing else.
"""

from array import array
from collections.abc import Iterable, Iterator
from itertools import chain
from struct import Struct
from typing import Final

_KEY: Final = Struct("=H6s")  # in the machine's own order of bytes, as an array has it: any 16 bits will do
_REST: Final = Struct("6s")
_PLACES: Final = 2**16

# As a set they take 5 MB; the places take 3 MB before they hold much, so that with fewer there is little to gain.
_FEW: Final = 2**16


class KeySet:
    """A set of numbers in [-2**63, 2**63) that only grows: a plain set up to `few` of them, compact beyond that.

    What it says depends on the numbers alone; the order of iteration also on the order in which they came.
    """

    __slots__ = ("_count", "_few", "_keys", "_places")

    def __init__(self, few: int = _FEW) -> None:
        self._few = few
        self._keys: set[int] = set()
        self._places: list[bytes] | None = None  # the rests of all keys, once there are more than a few
        self._count = 0  # of those

    def __len__(self) -> int:
        return len(self._keys) or self._count

    def __iter__(self) -> Iterator[int]:
        """Give each key once, in any order."""
        if self._places is None:
            return iter(self._keys)
        return chain.from_iterable(_join(place, rests) for place, rests in enumerate(self._places) if rests)

    def issuperset(self, keys: Iterable[int]) -> bool:
        """Say whether all of `keys` are in it. Raises OverflowError for more than 64 bits, where it is compact."""
        places = self._places
        if places is None:
            return self._keys.issuperset(keys)
        return all(_holds(places[place], rest) for place, rest in _cut(keys))

    def update(self, keys: Iterable[int]) -> int:
        """Add `keys`; give how many are new. Raises OverflowError for more than 64 bits, where it is compact."""
        if self._places is not None:
            return self._add(self._places, keys)
        before = len(self._keys)
        self._keys.update(keys)
        new = len(self._keys) - before
        if len(self._keys) > self._few:
            self._places = [b""] * _PLACES
            self._add(self._places, self._keys)
            self._keys = set()
        return new

    def add(self, key: int) -> bool:
        """Add one key; say whether it is new."""
        return self.update((key,)) > 0

    def _add(self, places: list[bytes], keys: Iterable[int]) -> int:
        new = 0
        for place, rest in _cut(keys):
            rests = places[place]
            if rest not in rests or not _holds(rests, rest):  # it is hardly ever in there
                places[place] = rests + rest
                new += 1
        self._count += new
        return new


def _cut(keys: Iterable[int]) -> Iterator[tuple[int, bytes]]:
    return _KEY.iter_unpack(array("q", keys))


def _join(place: int, rests: bytes) -> Iterable[int]:
    return array("q", b"".join([_KEY.pack(place, rest) for (rest,) in _REST.iter_unpack(rests)]))


def _holds(rests: bytes, rest: bytes) -> bool:
    """Say whether `rest` is one of `rests`, and not just bytes of two neighbours."""
    found = rests.find(rest)
    while found > 0 and found % _REST.size:
        found = rests.find(rest, found + 1)
    return found >= 0
