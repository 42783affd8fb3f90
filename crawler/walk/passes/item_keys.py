"""The keys of the items of one pass: records by identity, rejects by their bytes (pure).

Rejects with the same bytes:

| they came         | what they are                                                                                   |
|-------------------|-------------------------------------------------------------------------------------------------|
| on one page       | as many items: a page is one state of the list                                                  |
| on several pages  | several items, or one that was read twice, since rows moved between the requests; then another  |
|                   | row may be lost, and the total does not tell: `repeats` counts them                             |
| on several pages, | no evidence: a service that ignores the offset, or repeats its last page, sends such pages, too |
| one without any   |                                                                                                 |
| record            |                                                                                                 |

So a pass with `repeats` needs a second one with the same content (walk/judgement.py).
"""

from typing import Final, NamedTuple

from crawler.model.identity import Fingerprint, IdentitySet
from crawler.model.key_sample import KeySample
from crawler.model.key_set import KeySet
from crawler.swr.decode.batch import Batch
from crawler.swr.decode.reject import numbered

_MASK: Final = 2**64 - 1


class PassContent(NamedTuple):
    """What the items of a pass are recognised by: its records, and how often each reject came, whatever its page."""

    records: Fingerprint
    rejects: int
    sum_of_rejects: int

    def matches(self, other: "PassContent") -> bool:
        """Return whether both are of the same records and rejects; a missing owner matches a known one."""
        return self[1:] == other[1:] and self.records.matches(other.records)


class ItemKeys:
    """The keys of all `items` of a pass; `len` counts the different ones.

    `rejects` counts those of the items that are no records. `has_page_of_rejects` says that a page held nothing else.
    """

    __slots__ = ("_records", "_rejects", "_sum_of_rejects", "has_page_of_rejects", "items", "rejects")

    def __init__(self) -> None:
        self.items = self.rejects = 0
        self.has_page_of_rejects = False
        self._records = IdentitySet()
        self._rejects = KeySet()
        self._sum_of_rejects = 0  # of the keys of all rejects, modulo 2**64: the order in which they came is no part

    def __len__(self) -> int:
        return len(self._records) + len(self._rejects)

    def count(self, items: Batch) -> int:
        """Count the items of a page; return how many keys are new."""
        self.items += len(items.keys)
        if not items.reject_keys:
            return self._records.update(items.keys, items.ownerless)
        records = _of_records(items)
        self.rejects += len(items.reject_keys)
        self.has_page_of_rejects |= not records
        self._sum_of_rejects = (self._sum_of_rejects + sum(items.reject_keys)) & _MASK
        return self._rejects.update(numbered(items.reject_keys)) + self._records.update(records, items.ownerless)

    def knows(self, items: Batch) -> bool:
        """Return whether a page holds nothing new; rejects with the bytes of a known one are none."""
        records = _of_records(items) if items.reject_keys else items.keys
        return self._rejects.issuperset(items.reject_keys) and self._records.knows(records, items.ownerless)

    def identities(self) -> int:
        """Return the number of items that are different for certain."""
        return self._records.identities() + len(self._rejects)

    def distinct(self, *, confirmed: bool) -> int:
        """Return the number of different items; `repeats` count when another pass confirmed them."""
        return self.identities() + (self.repeats if confirmed else 0)

    @property
    def repeats(self) -> int:
        """The number of rejects that came on an earlier page with the same bytes."""
        return self.rejects - len(self._rejects)

    def content(self) -> PassContent:
        """Return what the items are recognised by. It takes several times as long as to iterate over the keys."""
        return PassContent(self._records.fingerprint(), self.rejects, self._sum_of_rejects)

    def sample(self) -> KeySample:
        """Return the first keys of the records by their names."""
        return self._records.sample()


def _of_records(items: Batch) -> list[int]:
    """Return the keys of a page that are of records."""
    rejects = frozenset(items.reject_keys)
    return [key for key in items.keys if key not in rejects]
