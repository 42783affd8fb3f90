"""The one law: a snapshot holds what the server held throughout, once, or the manifest says what is missing.

`violations` compares a published snapshot with what an emulator showed during the crawl. It knows nothing of the
crawler: only the content of the server, the files on the disk, and the claims of the manifest. What no client can see
is in blind_spots.py.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from crawler.emulator.faults.fault import Fault
from crawler.emulator.inventory.ndjson import CENTERS, Inventory
from crawler.snapshot.completeness import shortfalls
from crawler.snapshot.manifest import Manifest, WalkEntry
from crawler.snapshot.reader import open_snapshot
from crawler.snapshot.verify import verify
from tests.support.blind_spots import (
    BlindSpot,
    alternates,
    blind_spots,
    calls,
    declared_at_most,
    leaves_owners_out,
    mixes_answers,
    sends_foreign_rows,
)
from tests.support.emulator_fixture import Key, inventory_keys, published_keys


class ServerHistory(NamedTuple):
    """What a server showed: the keys it held `throughout` and `ever`.

    `shown_by_totals` when every change changed a total, too. `returned` when the server came back to an earlier state:
    if that happens in step with the passes, even a double read cannot notice it.

    `mixes_answers` when the pages of a walk could be of several states or walks: then `ever` has the rows of all of
    them. No total above `declared_at_most` was declared. With `owners_left_out` an item could come without its owner.
    """

    throughout: frozenset[Key]
    ever: frozenset[Key]
    shown_by_totals: bool = True
    returned: bool = False
    mixes_answers: bool = False
    owners_left_out: bool = False
    declared_at_most: float = float("inf")
    blind_spots: tuple[BlindSpot, ...] = ()

    @classmethod
    def of(cls, inventory: Inventory, faults: Iterable[Fault] = (), requests: int = 0) -> "ServerHistory":
        """Return what an emulator with these faults showed to `requests` requests."""
        faults = tuple(faults)
        shown = [frozenset(inventory_keys(view)) for view in _views(inventory, faults, requests)]
        states = set(shown)
        most = declared_at_most(faults)
        totals = {_declared(state, most) for state in states}
        changes = sum(before != after for before, after in pairwise(shown))
        ever = frozenset.union(*states)
        return cls(
            throughout=frozenset.intersection(*states),
            ever=ever | _in_both_centers(ever) if any(map(sends_foreign_rows, faults)) else ever,
            shown_by_totals=len(totals) == len(states),
            returned=changes >= len(states) or any(map(alternates, faults)),
            mixes_answers=any(map(mixes_answers, faults)),
            owners_left_out=any(map(leaves_owners_out, faults)),
            # A list that comes for the other center, too, has its own total there.
            declared_at_most=min(most, *_counts(shown[0])) if any(map(sends_foreign_rows, faults)) else most,
            blind_spots=tuple(blind_spots(faults, lambda walk: min(most, _rows_of(walk, shown[0])))),
        )

    def then(self, other: "ServerHistory") -> "ServerHistory":
        """Return what this server and the other one after it showed together."""
        unchanged = self.throughout == self.ever == other.throughout == other.ever
        return ServerHistory(
            self.throughout & other.throughout,
            self.ever | other.ever,
            shown_by_totals=unchanged,
            returned=not unchanged,
            mixes_answers=self.mixes_answers or other.mixes_answers,
            owners_left_out=self.owners_left_out or other.owners_left_out,
            declared_at_most=min(self.declared_at_most, other.declared_at_most),
            blind_spots=self.blind_spots + other.blind_spots,
        )

    def with_owners(self, listed: Iterable[Key]) -> list[Key]:
        """Return the keys; a key that may have come without its owner becomes the one that the server held."""
        if not self.owners_left_out:
            return list(listed)
        held = {_without_owner(key): key for key in (*self.ever, *self.throughout)}
        return [key if key[1] else held.get(_without_owner(key), key) for key in listed]


def _views(inventory: Inventory, faults: tuple[Fault, ...], requests: int) -> Iterator[Inventory]:
    """Yield the states of the inventory, one after the other, made like the emulator makes them."""
    shown = (call for number in range(1, max(1, requests) + 1) for call in calls(number, faults))
    for state in dict.fromkeys(tuple(fault.generation(call) for fault in faults) for call in shown):
        view = inventory
        for fault, generation in zip(faults, state, strict=True):
            view = fault.view(generation, view) if generation else view
        yield view


def _declared(state: Iterable[Key], most: float) -> frozenset[tuple[str, float]]:
    """Return the total of each center, as it is declared."""
    return frozenset((center, min(count, most)) for center, count in Counter(center for center, *_ in state).items())


def _counts(state: Iterable[Key]) -> list[int]:
    """Return how many rows each center holds."""
    counts = Counter(center for center, *_ in state)
    return [counts[center] for center in CENTERS]


def _in_both_centers(listed: Iterable[Key]) -> frozenset[Key]:
    return frozenset((center, *key[1:]) for key in listed for center in CENTERS)


def _without_owner(key: Key) -> tuple[str, str, str]:
    center, _, namespace, name = key
    return center, namespace, name


def violations(snapshot: Path, exit_code: int, history: ServerHistory, *, double_read: bool = False) -> list[str]:
    """Return every way in which this snapshot, published with this exit code, violates the law."""
    opened = open_snapshot(snapshot)
    listed = history.with_owners(published_keys(snapshot))
    found = [*verify(opened).differences, *_contradictions(snapshot, exit_code, opened.manifest)]
    found += [f"{key} is published {count} times" for key, count in Counter(listed).items() if count > 1]
    found += [f"{key} was never there" for key in set(listed) - history.ever]
    for walk in opened.manifest.walks:
        found += _walk_violations(walk, opened.manifest, set(listed), history=history, double_read=double_read)
    return [*found, *_uncovered(opened.manifest, history=history, double_read=double_read)]


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
    walk: WalkEntry, manifest: Manifest, listed: set[Key], *, history: ServerHistory, double_read: bool
) -> Iterator[str]:
    """Compare the claim of one walk with the keys of its scope that were there throughout and are not published."""
    left_out = {key for key in history.throughout - listed if _in_scope(key, walk)}
    if any(one.kind == "equal centers" and one.target == walk.target for one in shortfalls(manifest)):
        return  # the snapshot says that one list came for both centers
    if walk.outside and any(of.center == walk.center and of.uncovered != 0 for of in manifest.coverage):
        return  # rows of other namespaces came, and the snapshot says that the center holds more than its walks
    if walk.verdict == "complete":
        if walk.records + walk.rejects + walk.outside != walk.distinct:
            yield f"{walk} does not add up"
        spots = [spot for spot in history.blind_spots if not (double_read and spot.double_read_sees)]
        is_hidden = any(spot.hides(walk, manifest) for spot in spots)
        if len(left_out) > walk.rejects and _is_certain(history, double_read) and not is_hidden:
            yield f"{walk.verdict} without {sorted(left_out)}"
    elif history.shown_by_totals and walk.missing is not None:
        known = walk.missing + walk.rejects + _beyond_reports(walk, listed, history)
        if len(left_out) > known:
            yield f"{walk.verdict}: {walk.missing} reported missing, but {len(left_out)} are"


def _uncovered(manifest: Manifest, *, history: ServerHistory, double_read: bool) -> Iterator[str]:
    """Yield the centers whose walks are complete, with rows in none of them that the coverage does not report."""
    if history.blind_spots or not _is_certain(history, double_read):
        return
    reported = {entry.center for entry in manifest.coverage if entry.uncovered != 0}
    for center in sorted({walk.center for walk in manifest.walks} - reported):
        walks = [walk for walk in manifest.walks if walk.center == center]
        rows = [key for key in history.throughout if key[0] == center]
        outside = sum(not any(_in_scope(key, walk) for walk in walks) for key in rows)
        if outside and all(walk.verdict == "complete" for walk in walks):
            yield f"{outside} rows of {center} are in no walk and not reported"


def _is_certain(history: ServerHistory, double_read: bool) -> bool:  # noqa: FBT001 - one of two
    """Return whether a client can notice every change of what it reads."""
    return history.shown_by_totals or (double_read and not history.returned)


def _beyond_reports(walk: WalkEntry, listed: set[Key], history: ServerHistory) -> float:
    """Return how many rows no client can count: no total has them, or other rows are in their place."""
    foreign = _rows_of(walk, listed - history.throughout) if history.mixes_answers else 0
    return max(0, _rows_of(walk, history.throughout) - history.declared_at_most) + foreign


def _rows_of(walk: WalkEntry, listed: Iterable[Key]) -> int:
    return sum(_in_scope(key, walk) for key in listed)


def _in_scope(key: Key, walk: WalkEntry) -> bool:
    center, _, namespace, _ = key
    return center in CENTERS and center == walk.center and walk.namespace in {None, namespace}
