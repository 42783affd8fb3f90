"""The one law: published = what the server held throughout, once; or the manifest says what is missing.

`breaches` holds a published snapshot against what an emulator showed while the crawl asked. It knows nothing of
how the crawl works: only what was there to see, what is on the disk, and what the manifest claims.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from crawler.emulator.faults.fault import Fault
from crawler.emulator.inventory.ndjson import CENTERS, Inventory
from crawler.snapshot.manifest import Manifest, WalkEntry
from crawler.snapshot.reader import open_snapshot
from crawler.snapshot.verify import verify
from tests.support.emulator_fixture import Key, held, published


class Seen(NamedTuple):
    """What a server showed: the keys it held `throughout` and `ever`.

    `telling` when every change changed the totals too; `returning` when it came back to an earlier state: in step
    with the passes that can't be seen by whoever looks twice.
    """

    throughout: frozenset[Key]
    ever: frozenset[Key]
    telling: bool = True
    returning: bool = False

    @classmethod
    def of(cls, inventory: Inventory, faults: Iterable[Fault] = (), requests: int = 0) -> "Seen":
        """Give what was shown to so many requests by an emulator with these faults."""
        shown = [frozenset(held(view)) for view in _views(inventory, tuple(faults), requests)]
        states = set(shown)
        totals = {frozenset(Counter(center for center, *_ in state).items()) for state in states}
        changes = sum(before != after for before, after in pairwise(shown))
        telling, returning = len(totals) == len(states), changes >= len(states)
        return cls(frozenset.intersection(*states), frozenset.union(*states), telling, returning)

    def then(self, other: "Seen") -> "Seen":
        """Give what was shown by this one and the other after it."""
        still = self.throughout == self.ever == other.throughout == other.ever
        return Seen(self.throughout & other.throughout, self.ever | other.ever, telling=still, returning=not still)


def _views(inventory: Inventory, faults: tuple[Fault, ...], requests: int) -> Iterator[Inventory]:
    """Give the states the inventory was in, one after the other, as the emulator puts them together."""
    numbers = range(1, max(1, requests) + 1)
    for state in dict.fromkeys(tuple(fault.generation(number) for fault in faults) for number in numbers):
        view = inventory
        for fault, generation in zip(faults, state, strict=True):
            view = fault.view(generation, view) if generation else view
        yield view


def breaches(snapshot: Path, exit_code: int, seen: Seen, *, double_read: bool = False) -> list[str]:
    """Give every way in which this snapshot, published with this exit code, breaks the law."""
    opened = open_snapshot(snapshot)
    listed = published(snapshot)
    found = [*verify(opened).differences, *_claims(snapshot, exit_code, opened.manifest)]
    found += [f"{key} is there {count} times" for key, count in Counter(listed).items() if count > 1]
    found += [f"{key} was never there" for key in set(listed) - seen.ever]
    for walk in opened.manifest.walks:
        left_out = {key for key in seen.throughout - set(listed) if _in_scope(key, walk)}
        found += _walk(walk, left_out, seen=seen, double_read=double_read)
    return found


def _claims(snapshot: Path, exit_code: int, manifest: Manifest) -> Iterator[str]:
    claims = {
        "exit code": exit_code == 0,
        "status": manifest.status == "complete",
        "_SUCCESS": (snapshot / "_SUCCESS").exists(),
        "latest": (snapshot.parent / "latest").resolve() == snapshot.resolve(),
    }
    if len(set(claims.values())) > 1:
        yield f"claims disagree: {claims}"
    if exit_code not in {0, 3}:
        yield f"published with exit code {exit_code}"
    unproven = [walk for walk in manifest.walks if walk.verdict != "complete" or walk.rejects]
    if exit_code == 0 and unproven:
        yield f"complete, in spite of {unproven}"


def _walk(walk: WalkEntry, left_out: set[Key], *, seen: Seen, double_read: bool) -> Iterator[str]:
    """Hold one walk's claim against the keys of its scope that were there throughout and are not published."""
    certain = seen.telling or (double_read and not seen.returning)
    if walk.verdict == "complete":
        if walk.records + walk.rejects + walk.outside != walk.distinct:
            yield f"{walk} does not add up"
        if len(left_out) > walk.rejects and certain:
            yield f"{walk.verdict} without {sorted(left_out)}"
    elif seen.telling and walk.missing is not None and len(left_out) > walk.missing + walk.rejects:
        yield f"{walk.verdict}: {walk.missing} missing, really {len(left_out)}"


def _in_scope(key: Key, walk: WalkEntry) -> bool:
    center, _, namespace, _ = key
    return center in CENTERS and center == walk.center and walk.namespace in {None, namespace}
