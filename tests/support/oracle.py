"""The one law: a snapshot holds what the server held throughout, once, or the manifest says what is missing.

`violations` compares a published snapshot with what an emulator showed during the crawl. It knows nothing of the
crawler: only the content of the server, the files on the disk, and the claims of the manifest.
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
from tests.support.emulator_fixture import Key, inventory_keys, published_keys


class ServerHistory(NamedTuple):
    """What a server showed: the keys it held `throughout` and `ever`.

    `shown_by_totals` when every change changed a total, too. `returned` when the server came back to an earlier state:
    if that happens in step with the passes, even a double read cannot notice it.
    """

    throughout: frozenset[Key]
    ever: frozenset[Key]
    shown_by_totals: bool = True
    returned: bool = False

    @classmethod
    def of(cls, inventory: Inventory, faults: Iterable[Fault] = (), requests: int = 0) -> "ServerHistory":
        """Return what an emulator with these faults showed to `requests` requests."""
        shown = [frozenset(inventory_keys(view)) for view in _views(inventory, tuple(faults), requests)]
        states = set(shown)
        totals = {frozenset(Counter(center for center, *_ in state).items()) for state in states}
        changes = sum(before != after for before, after in pairwise(shown))
        shown_by_totals, returned = len(totals) == len(states), changes >= len(states)
        return cls(frozenset.intersection(*states), frozenset.union(*states), shown_by_totals, returned)

    def then(self, other: "ServerHistory") -> "ServerHistory":
        """Return what this server and the other one after it showed together."""
        unchanged = self.throughout == self.ever == other.throughout == other.ever
        return ServerHistory(
            self.throughout & other.throughout,
            self.ever | other.ever,
            shown_by_totals=unchanged,
            returned=not unchanged,
        )


def _views(inventory: Inventory, faults: tuple[Fault, ...], requests: int) -> Iterator[Inventory]:
    """Yield the states of the inventory, one after the other, made like the emulator makes them."""
    numbers = range(1, max(1, requests) + 1)
    for state in dict.fromkeys(tuple(fault.generation(number) for fault in faults) for number in numbers):
        view = inventory
        for fault, generation in zip(faults, state, strict=True):
            view = fault.view(generation, view) if generation else view
        yield view


def violations(snapshot: Path, exit_code: int, history: ServerHistory, *, double_read: bool = False) -> list[str]:
    """Return every way in which this snapshot, published with this exit code, violates the law."""
    opened = open_snapshot(snapshot)
    listed = published_keys(snapshot)
    found = [*verify(opened).differences, *_contradictions(snapshot, exit_code, opened.manifest)]
    found += [f"{key} is published {count} times" for key, count in Counter(listed).items() if count > 1]
    found += [f"{key} was never there" for key in set(listed) - history.ever]
    for walk in opened.manifest.walks:
        left_out = {key for key in history.throughout - set(listed) if _in_scope(key, walk)}
        found += _walk_violations(walk, left_out, history=history, double_read=double_read)
    return found


def _contradictions(snapshot: Path, exit_code: int, manifest: Manifest) -> Iterator[str]:
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
        yield f"complete, although {unproven}"


def _walk_violations(
    walk: WalkEntry, left_out: set[Key], *, history: ServerHistory, double_read: bool
) -> Iterator[str]:
    """Compare the claim of one walk with the keys of its scope that were there throughout and are not published."""
    certain = history.shown_by_totals or (double_read and not history.returned)
    if walk.verdict == "complete":
        if walk.records + walk.rejects + walk.outside != walk.distinct:
            yield f"{walk} does not add up"
        if len(left_out) > walk.rejects and certain:
            yield f"{walk.verdict} without {sorted(left_out)}"
    elif history.shown_by_totals and walk.missing is not None and len(left_out) > walk.missing + walk.rejects:
        yield f"{walk.verdict}: {walk.missing} reported missing, but {len(left_out)} are"


def _in_scope(key: Key, walk: WalkEntry) -> bool:
    center, _, namespace, _ = key
    return center in CENTERS and center == walk.center and walk.namespace in {None, namespace}
