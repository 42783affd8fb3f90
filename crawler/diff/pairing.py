"""Which records of two snapshots are of one repository (pure).

They have the same key; or the same namespace and name, and one of them has no owner (null or empty): one generation of
the service sends `domain_name` and another does not. Two known owners are two repositories.
"""

from collections.abc import Iterable, Iterator
from typing import cast

import msgspec


class JoinKey(msgspec.Struct, frozen=True, gc=False):
    """What identifies a record of one center. It is decoded from the record's line."""

    domain_name: str | None
    namespace: str
    name: str

    @property
    def names(self) -> tuple[str, str]:
        """Namespace and name: all records that may be of one repository have the same."""
        return self.namespace, self.name

    @property
    def order(self) -> tuple[str, str, bool, str]:
        """What keys are sorted by: no owner comes before all others."""
        return self.namespace, self.name, self.domain_name is not None, self.domain_name or ""


KeyPair = tuple[JoinKey | None, JoinKey | None]  # of OLD and of NEW; not both are None


def paired(old: Iterable[JoinKey], new: Iterable[JoinKey]) -> Iterator[KeyPair]:
    """Yield each key once, with its partner or with None, in order. `old` and `new` have no key in common."""
    by_names: dict[tuple[str, str], list[JoinKey]] = {}
    for key in sorted(new, key=lambda key: key.order):
        by_names.setdefault(key.names, []).append(key)
    pairs: list[KeyPair] = []
    for key in sorted(old, key=lambda key: key.order):
        others = by_names.get(key.names, [])
        partner = next((other for other in others if not (key.domain_name and other.domain_name)), None)
        if partner is not None:
            others.remove(partner)
        pairs.append((key, partner))
    pairs += [(None, key) for others in by_names.values() for key in others]
    yield from sorted(pairs, key=order_of)


def order_of(pair: KeyPair) -> tuple[str, str, bool, str]:
    """Return what pairs are sorted by: the key in OLD, else that in NEW."""
    return cast("JoinKey", pair[0] or pair[1]).order
