"""A set of record keys that counts repositories, where some records have an owner and others do not (pure).

Two keys may be of one repository when they have the same `names_of`; record.py says when they are.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import chain
from operator import xor
from typing import NamedTuple

from crawler.model.key_sample import KeySample
from crawler.model.key_set import MAX_PLAIN, KeySet
from crawler.model.record import differ_by_owner, names_of


class Fingerprint(NamedTuple):
    """What a set of keys is recognised by: two sets of a huge walk would be the largest thing in memory.

    `names` sums the bits that do not depend on owners. `exact` tells whether the records have owners, and the sum and
    parity of their keys; None where only some records have one.
    """

    identities: int
    names: int
    exact: tuple[bool, int, int] | None

    def matches(self, other: "Fingerprint") -> bool:
        """Return whether both are of the same repositories; a missing owner matches a known one."""
        if self.exact and other.exact and self.exact[0] == other.exact[0]:
            return self == other
        return self[:2] == other[:2]


class IdentitySet:
    """The keys of one walk, or of a center: it only grows. `len` counts keys, `identities` counts repositories."""

    __slots__ = ("_counted", "_owned", "_ownerless")

    def __init__(self, max_plain: int = MAX_PLAIN) -> None:
        self._owned = KeySet(max_plain)
        self._ownerless = KeySet(max_plain)
        self._counted = 0, 0  # the number of keys at the last count of the identities, and their number

    def __len__(self) -> int:
        return len(self._owned) + len(self._ownerless)

    def __iter__(self) -> Iterator[int]:
        """Yield the keys in any order."""
        return chain(self._owned, self._ownerless)

    def update(self, keys: Sequence[int], ownerless: Sequence[int] = ()) -> int:
        """Add `keys`, of which `ownerless` are of records without an owner; return how many are new."""
        if not ownerless:
            return self._owned.update(keys)
        if len(ownerless) == len(keys):
            return self._ownerless.update(ownerless)
        owned = Counter(keys) - Counter(ownerless)  # a key may be in both: the first owner's part is that of none
        return self._owned.update(owned) + self._ownerless.update(ownerless)

    def issuperset(self, keys: Sequence[int]) -> bool:
        """Return whether the set has all of `keys`: a key of the same repository without an owner may not count."""
        if self._owned.issuperset(keys) or self._ownerless.issuperset(keys):
            return True
        return self._mixed and all(self._owned.issuperset([key]) or self._ownerless.issuperset([key]) for key in keys)

    def knows(self, keys: Sequence[int], ownerless: Sequence[int]) -> bool:
        """Return whether all `keys` are of repositories in the set; a missing owner matches a known one.

        `ownerless` are those of records without an owner. It reads the whole set when it does not have the keys.
        """
        if self.issuperset(keys):
            return True
        bare = set(ownerless)
        return all(self.issuperset([key]) or self._matches(key, bare=key in bare) for key in keys)

    def _matches(self, key: int, *, bare: bool) -> bool:
        others = self._owned if bare else self._ownerless
        return any(names_of(other) == names_of(key) and differ_by_owner(key, other) for other in others)

    @property
    def _mixed(self) -> bool:
        return len(self._owned) > 0 and len(self._ownerless) > 0

    def identities(self) -> int:
        """Return the number of repositories: of records with one namespace and name as many as they have owners.

        It is one when none of them has an owner. Counting takes long when only some records of a large set have one.
        """
        if not self._mixed:
            return len(self)
        if self._counted[0] != len(self):
            self._counted = len(self), len(self._owned) + sum(1 for _ in self._unmatched())
        return self._counted[1]

    def _unmatched(self) -> Iterator[int]:
        """Yield the ownerless keys that no key with an owner matches."""
        for owned, ownerless in zip(self._owned.groups(), self._ownerless.groups(), strict=True):
            by_names: dict[int, list[int]] = {}
            for key in owned if ownerless else ():
                by_names.setdefault(names_of(key), []).append(key)
            for key in ownerless:
                if not any(differ_by_owner(key, other) for other in by_names.get(names_of(key), ())):
                    yield key

    def fingerprint(self) -> Fingerprint:
        """Return what this set is recognised by. It takes several times as long as to iterate over the keys."""
        if self._mixed:
            return Fingerprint(self.identities(), sum(map(names_of, chain(self._owned, self._unmatched()))), None)
        keys = self._owned or self._ownerless
        exact = len(self._owned) > 0, sum(keys), reduce(xor, keys, 0)
        return Fingerprint(len(keys), sum(map(names_of, keys)), exact)

    def sample(self) -> KeySample:
        """Return the first keys of the set by their names; it reads no more of a large set than it needs."""
        return KeySample.of(self._owned, self._ownerless)
