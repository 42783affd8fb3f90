"""What no client can see: answers that agree on being wrong. Each has its reason, and is as narrow as possible.

The oracle lets a walk be `complete` without some rows only for these. `DESCRIPTIONS` has a sentence of each.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from crawler.emulator.faults.fault import Call, Fault
from crawler.emulator.faults.paging import CappedTotal, Ceiling, IgnoreCenter, WrongWalk
from crawler.emulator.faults.replicas import Cache, EmptyMoment, MissingOwner, OldReplica, Replica, StaleReplica
from crawler.snapshot.manifest import Manifest, WalkEntry

# Two looks at nothing are at least this far apart.
LOOKS_APART_MS: Final = 100

DESCRIPTIONS: Final[Mapping[str, str]] = {
    "ceiling": "The service serves only the first N rows of a query, declares N, and answers beyond them as at the end "
    "of a list.",
    "long moment": "The service says that nothing is there for longer than two looks are apart, and has said nothing "
    "else before.",
    "one center": "The service ignores the center, and only one is answered: you crawl no other, or may not list it.",
    "one empty list": "The service ignores the center, and the list that it sends for both is empty.",
    "wrong walk": "One answer is another walk's, and the two walks have the same total.",
    # These are in the states of a `ServerHistory`.
    "lost permission": "The account is no longer allowed to see the records, and the service leaves them out without "
    "an error.",
    "stale everywhere": "Every replica that answers a walk has the same earlier state.",
    "equal totals": "A row goes and another comes, or a replica lacks one row and holds a deleted one: every total is "
    "the same.",
    "in step": "The answers change and change back in step with the passes.",
}


class BlindSpot(NamedTuple):
    """A reason of `DESCRIPTIONS`, and which complete walks of a manifest may lack rows for it.

    With `double_read_sees` those of a double read may not.
    """

    name: str
    hides: Callable[[WalkEntry, Manifest], bool]
    double_read_sees: bool = False


def blind_spots(faults: Iterable[Fault], total_of: Callable[[WalkEntry], float]) -> Iterator[BlindSpot]:
    """Yield what no client can see through these faults; what changes the inventory is in `ServerHistory`.

    `total_of` returns what the service declares for a walk.
    """
    for fault in faults:
        if isinstance(fault, Ceiling):
            yield BlindSpot("ceiling", _ends_at(fault.at))
        elif isinstance(fault, EmptyMoment) and _outlasts_two_looks(fault):
            yield BlindSpot("long moment", lambda walk, _: walk.distinct == 0)
        elif ignores_center(fault):
            yield BlindSpot("one center", _is_the_only_answered)
            yield BlindSpot("one empty list", _is_empty_in_both)
        elif isinstance(fault, WrongWalk):
            yield BlindSpot("wrong walk", _has_a_twin(total_of), double_read_sees=fault.times == 1)


def _ends_at(ceiling: int) -> Callable[[WalkEntry, Manifest], bool]:
    return lambda walk, _: walk.distinct == ceiling


def _is_the_only_answered(walk: WalkEntry, manifest: Manifest) -> bool:
    return not any(other.center != walk.center and other.declared_totals for other in manifest.walks)


def _is_empty_in_both(walk: WalkEntry, manifest: Manifest) -> bool:
    both = [other for other in manifest.walks if (other.target, other.namespace) == (walk.target, walk.namespace)]
    return all(other.distinct == 0 for other in both)


def _has_a_twin(total_of: Callable[[WalkEntry], float]) -> Callable[[WalkEntry, Manifest], bool]:
    return lambda walk, manifest: sum(total_of(other) == total_of(walk) for other in manifest.walks) > 1


def _outlasts_two_looks(moment: EmptyMoment) -> bool:
    by_count = moment.times is None or moment.times > 1
    by_time = moment.for_ms is None or moment.for_ms > LOOKS_APART_MS
    return by_count and by_time


def ignores_center(fault: Fault) -> bool:
    """Return whether the list of one center can be sent for the other one every time."""
    return isinstance(fault, IgnoreCenter) or (isinstance(fault, Cache) and "center" in fault.ignores)


def sends_foreign_rows(fault: Fault) -> bool:
    """Return whether a center may get rows of the other one."""
    return isinstance(fault, WrongWalk) or ignores_center(fault)


def alternates(fault: Fault) -> bool:
    """Return whether answers change and change back with the number of the request, in step with the passes by chance.

    A balancer that chooses by the URL is not meant: each pass of a double read asks for other URLs.
    """
    return isinstance(fault, StaleReplica) and fault.by == "request" and fault.every > 1


def mixes_answers(fault: Fault) -> bool:
    """Return whether the pages of one walk may come from several states of the list, or from several lists."""
    return isinstance(fault, Replica | Cache) or sends_foreign_rows(fault)


def leaves_owners_out(fault: Fault) -> bool:
    """Return whether items may come without `domain_name`."""
    return isinstance(fault, MissingOwner) or (isinstance(fault, OldReplica) and fault.owner == "absent")


def declared_at_most(faults: Iterable[Fault]) -> float:
    """Return the largest total that can be declared; infinity without such a bound."""
    return min((fault.at for fault in faults if isinstance(fault, CappedTotal | Ceiling)), default=float("inf"))


_URLS: Final = tuple(f"offset={number}" for number in range(32))


def calls(number: int, faults: Iterable[Fault]) -> Iterator[Call]:
    """Yield request `number` as the faults may see it: with several URLs if a balancer chooses by the URL."""
    by_url = any(isinstance(fault, Replica) and fault.by == "url" for fault in faults)
    for url in _URLS if by_url else _URLS[:1]:
        yield Call(number=number, request_id="", now_s=0.0, raw_query=url)
