"""What Hypothesis draws: servers by their nature, orders of answers, and how a crawl is configured."""

from collections.abc import Callable
from random import Random
from typing import Final

from hypothesis import strategies as st

from tests.walk.model_server import ANY, BY_NAME, BY_TIME, Bounds, Fault, Move, Nature

MOST_ROWS: Final = 60

rows = st.integers(0, MOST_ROWS)
sizes = st.one_of(st.just(ANY), st.integers(1, 25))
limits = st.integers(1, 22)  # 10 and 20, the customary ones, are among them
rooms = st.integers(1, 12)
orders_of_answers = st.one_of(
    st.just(lambda _: 0),
    st.just(lambda count: count - 1),
    st.integers(0, 2**32).map(lambda seed: Random(seed).randrange),  # noqa: S311 - an order, no secret
)
Choose = Callable[[int], int]
bounds = st.builds(
    Bounds, limit=limits, max_passes=st.integers(1, 4), double_read=st.booleans(), orders=st.just(Bounds().orders)
)
refusals = st.sampled_from([frozenset(), frozenset({BY_NAME}), frozenset({BY_NAME, BY_TIME})])


@st.composite
def well_behaved(draw: st.DrawFn) -> Nature:
    """Still, and all its pages are as its totals say; clamps, minimal sizes and refusals are its right."""
    return Nature(
        rows=draw(rows),
        clamp=draw(sizes),
        floor=draw(st.sampled_from([0, 0, 0, 7, 30, ANY])),
        repeats_last=draw(st.booleans()),
        total_on_empty=draw(st.booleans()),
        largest_size=draw(sizes),
        refused_orders=draw(refusals),
    )


def faults(most_times: int | None) -> st.SearchStrategy[Fault]:
    """Those that pass after so many times; None draws those that last for ever too."""
    lasting = st.none() if most_times is None else st.nothing()
    return st.one_of(
        st.builds(
            Fault,
            position=st.integers(0, MOST_ROWS),
            kind=st.sampled_from(["fails", "short", "empty"]),
            times=lasting | st.integers(1, most_times or 5),
        ),
        st.builds(Fault, position=st.integers(0, MOST_ROWS), kind=st.just("bare"), times=lasting | st.just(1)),
    )


@st.composite
def passing(draw: st.DrawFn) -> Nature:
    """Well behaved but for faults that pass before a window was tried often enough to be given up."""
    found = draw(st.lists(faults(3), max_size=2))
    if any(fault.kind == "fails" for fault in found):  # a first page that is bare at its last try is taken as it is
        found = [fault for fault in found if fault.kind != "bare"]
    return Nature(**{**vars(draw(well_behaved())), "floor": 0, "faults": tuple(found)})


@st.composite
def standing(draw: st.DrawFn) -> Nature:
    """Still, but with any fault or lie that can be told from the truth."""
    nature = draw(well_behaved())
    totals = draw(st.sampled_from(["true", "true", "true", "none", "length", "more", "huge", "zero", "mixed"]))
    found = tuple(draw(st.lists(faults(None), max_size=4)))
    changed = {
        "totals": totals,
        "extra": draw(st.integers(1, 400)),
        "clamp_from": draw(st.sampled_from([0, 0, 1, 20])),
        "ignores_offset": totals != "length" and draw(st.booleans()),
        "faults": found,
    }
    if totals == "length":  # such a page is its own proof when it is short of an uncustomary length
        changed |= {"clamp": ANY, "faults": tuple(fault for fault in found if fault.kind == "fails")}
    return Nature(**{**vars(nature), **changed})


moves = st.builds(
    Move,
    at=st.integers(1, 20),
    kind=st.sampled_from(["insert", "delete", "swap", "reverse"]),
    position=st.integers(0, MOST_ROWS),
    count=st.integers(1, 30),
    every=st.none() | st.integers(1, 12),
)


@st.composite
def moving(draw: st.DrawFn) -> Nature:
    """A server whose inventory changes while it is read, once or for ever."""
    return Nature(**{**vars(draw(standing())), "moves": tuple(draw(st.lists(moves, min_size=1, max_size=3)))})


any_nature = st.one_of(well_behaved(), passing(), standing(), moving())
