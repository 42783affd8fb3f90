"""The keys of one walk, or of a snapshot: an exact set of 64-bit numbers, compact when there are many (pure).

A small set is a plain Python set: fast, but with a large overhead a key. In a large one, 16 bits of each key number a
bucket, and the other 48 bits are appended to the bytes object of that bucket. To add a key searches its bucket and
replaces the bytes by longer ones. No table is ever copied as a whole, so growing needs no extra memory; only the page
that converts the plain set takes noticeably long. docs/performance.md has the measurements.

The keys are XXH3 hashes (record.py, swr/decode/reject.py). All owners of one name share a group, one bucket in 256.
Keys that share one bucket cost time, as they would in a plain set, and nothing else.
"""

from array import array
from collections.abc import Iterable, Iterator
from itertools import chain
from struct import Struct
from typing import Final

_KEY: Final = Struct("=H6s")  # in the byte order of the machine, like an array: any 16 bits may number the bucket
_REST: Final = Struct("6s")
_BUCKETS: Final = 2**16

# Below this a plain set takes hardly more memory than the buckets themselves.
MAX_PLAIN: Final = 2**16

# Which byte of a key, in the byte order of the machine, numbers its group: the low one of its bucket's number. That is
# the lowest byte of the key, or the one from bit 48 on. No owner changes either of them (record.py).
GROUPS: Final = 2**8
_GROUP_BYTE: Final = Struct("=H").pack(1).index(1)
GROUP_SHIFT: Final = _GROUP_BYTE * 48


class KeySet:
    """A set of numbers in [0, 2**64) that only grows: a plain set up to `max_plain` numbers, then compact.

    Its answers depend on the numbers alone; the order of iteration depends on the order of adding, too. A number of
    more than 64 bits raises OverflowError once the set is compact.
    """

    __slots__ = ("_buckets", "_compact_count", "_max_plain", "_plain")

    def __init__(self, max_plain: int = MAX_PLAIN) -> None:
        self._max_plain = max_plain
        self._plain: set[int] = set()
        self._buckets: list[bytes] | None = None  # None as long as the set is plain
        self._compact_count = 0

    def __len__(self) -> int:
        return len(self._plain) or self._compact_count

    def __iter__(self) -> Iterator[int]:
        """Yield each key once, in any order."""
        if self._buckets is None:
            return iter(self._plain)
        return chain.from_iterable(_join(number, bucket) for number, bucket in enumerate(self._buckets) if bucket)

    def groups(self) -> Iterator[list[int]]:
        """Yield the keys of each group, in the order of their numbers."""
        if self._buckets is None:
            keys = array("Q", list(self._plain))  # several times as fast as from the set
            group_bytes = keys.tobytes()[_GROUP_BYTE :: keys.itemsize]
            for group in range(GROUPS):
                yield [keys[at] for at in _positions(group_bytes, group)]
            return
        for group in range(GROUPS):
            buckets = ((number, self._buckets[number]) for number in range(group, _BUCKETS, GROUPS))
            yield list(chain.from_iterable(_join(number, bucket) for number, bucket in buckets if bucket))

    def issuperset(self, keys: Iterable[int]) -> bool:
        """Return whether all of `keys` are in the set."""
        buckets = self._buckets
        if buckets is None:
            return self._plain.issuperset(keys)
        return all(_contains(buckets[number], rest) for number, rest in _split(keys))

    def update(self, keys: Iterable[int]) -> int:
        """Add `keys`; return how many are new."""
        if self._buckets is not None:
            return self._add(self._buckets, keys)
        before = len(self._plain)
        self._plain.update(keys)
        new = len(self._plain) - before
        if len(self._plain) > self._max_plain:
            self._buckets = [b""] * _BUCKETS
            self._add(self._buckets, self._plain)
            self._plain = set()
        return new

    def add(self, key: int) -> bool:
        """Add one key; return whether it is new."""
        return self.update((key,)) > 0

    def _add(self, buckets: list[bytes], keys: Iterable[int]) -> int:
        new = 0
        for number, rest in _split(keys):
            bucket = buckets[number]
            if rest not in bucket or not _contains(bucket, rest):  # the first test is fast, and mostly enough
                buckets[number] = bucket + rest
                new += 1
        self._compact_count += new
        return new


def _split(keys: Iterable[int]) -> Iterator[tuple[int, bytes]]:
    return _KEY.iter_unpack(array("Q", keys))


def _join(number: int, bucket: bytes) -> Iterable[int]:
    return array("Q", b"".join([_KEY.pack(number, rest) for (rest,) in _REST.iter_unpack(bucket)]))


def _positions(octets: bytes, octet: int) -> Iterator[int]:
    at = octets.find(octet)
    while at >= 0:
        yield at
        at = octets.find(octet, at + 1)


def _contains(bucket: bytes, rest: bytes) -> bool:
    """Return whether `rest` is one of the entries of `bucket`, and not just bytes of two neighbours."""
    found = bucket.find(rest)
    while found > 0 and found % _REST.size:
        found = bucket.find(rest, found + 1)
    return found >= 0
