"""A small sample of a set of keys, to see whether two sets hold the same repositories (pure).

The sample has the keys that come first in an order of names: by the bits of a key that do not depend on the owner
(record.py). So samples of two sets hold the same repositories if the sets do, with and without owners.
"""

from collections.abc import Iterable
from itertools import chain, product
from typing import Final, NamedTuple

import msgspec

from crawler.model.key_set import GROUP_SHIFT, GROUPS, KeySet
from crawler.model.record import differ_by_owner

SAMPLED: Final = 64
_RANK_BITS: Final = 24
_GROUP_MASK: Final = GROUPS - 1
_ALL: Final = GROUPS << _RANK_BITS


def _rank(key: int) -> int:
    """Return where a key comes in the order of names: by its group, then by the other bits."""
    return (key >> GROUP_SHIFT & _GROUP_MASK) << _RANK_BITS | (key & 0xFF) << 16 | key >> 48 & 0xFFFF


class Match(NamedTuple):
    """A key of one set and one of another that may be of one repository; `by_owner` when both have the same owner."""

    key: int
    other: int
    by_owner: bool


class KeySample(msgspec.Struct, frozen=True):
    """The keys of a set that come before `end` in the order of names: those with an owner, and those without."""

    owned: frozenset[int] = frozenset()
    ownerless: frozenset[int] = frozenset()
    end: int = _ALL

    @classmethod
    def of(cls, owned: KeySet, ownerless: KeySet) -> "KeySample":
        """Return the sample of a set: `SAMPLED` keys, all when there are fewer, some more when names are equal."""
        if len(owned) + len(ownerless) <= SAMPLED:
            return cls(frozenset(owned), frozenset(ownerless))
        with_owner: list[int] = []
        without: list[int] = []
        end = 0
        for some, others in zip(owned.groups(), ownerless.groups(), strict=True):
            if len(with_owner) + len(without) >= SAMPLED:
                break
            with_owner += some
            without += others
            end += 1 << _RANK_BITS
        return _cut(cls(frozenset(with_owner), frozenset(without), end))

    @classmethod
    def merged(cls, samples: Iterable["KeySample"]) -> "KeySample":
        """Return the sample of the union of the sets that these samples are of."""
        given = tuple(samples)
        end = min((sample.end for sample in given), default=_ALL)
        owned = frozenset[int]().union(*(sample.owned for sample in given))
        ownerless = frozenset[int]().union(*(sample.ownerless for sample in given))
        return _cut(cls(owned, ownerless).before(end))

    def common(self, other: "KeySample") -> tuple[int, frozenset[Match]]:
        """Return how many keys of the smaller sample were compared, and which keys of the two match."""
        end = min(self.end, other.end)
        one, two = self.before(end), other.before(end)
        matches = [Match(key, key, by_owner=True) for key in one.owned & two.owned]
        matches += [Match(key, key, by_owner=False) for key in one.ownerless & two.ownerless]
        pairs = chain(product(one.owned, two.ownerless), product(one.ownerless, two.owned))
        matches += [Match(*pair, by_owner=False) for pair in pairs if differ_by_owner(*pair)]
        return min(one.size, two.size), frozenset(matches)

    @property
    def size(self) -> int:
        """The number of keys."""
        return len(self.owned) + len(self.ownerless)

    def before(self, end: int) -> "KeySample":
        """Return the part of the sample that comes before `end`."""
        if end >= self.end:
            return self
        last = end >> _RANK_BITS  # only a few keys are left: leave most out by their group alone, without a call
        owned, ownerless = (
            frozenset([key for key in keys if key >> GROUP_SHIFT & _GROUP_MASK <= last and _rank(key) < end])
            for keys in (self.owned, self.ownerless)
        )
        return KeySample(owned, ownerless, end)


def _cut(sample: KeySample) -> KeySample:
    if sample.size <= SAMPLED:
        return sample
    ranks = sorted(map(_rank, (*sample.owned, *sample.ownerless)))
    return sample.before(ranks[SAMPLED - 1] + 1)
