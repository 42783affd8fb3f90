"""What Hypothesis draws: the behavior of servers, the order of their responses, and how a walk is configured."""

from collections.abc import Callable
from random import Random
from typing import Final

from hypothesis import strategies as st

from tests.walk.model_server import ANY, BY_NAME, BY_TIME, Fault, InventoryChange, ServerBehavior, WalkConfig

MAX_ROWS: Final = 60

rows = st.integers(0, MAX_ROWS)
page_sizes = st.one_of(st.just(ANY), st.integers(1, 25))
page_weights = st.sampled_from([ANY, ANY, 4, 9, 17])
limits = st.integers(1, 22)  # 10 and 20 are common page lengths
concurrencies = st.integers(1, 12)
response_orders = st.one_of(
    st.just(lambda _: 0),
    st.just(lambda count: count - 1),
    st.integers(0, 2**32).map(lambda seed: Random(seed).randrange),  # noqa: S311 - an order, no secret
)
Pick = Callable[[int], int]
walk_configs = st.builds(
    WalkConfig,
    limit=limits,
    max_passes=st.integers(1, 4),
    double_read=st.booleans(),
    orders=st.just(WalkConfig().orders),
)
shuffled_orders = st.sampled_from(
    [frozenset(), frozenset(), frozenset({BY_NAME}), frozenset({BY_TIME}), frozenset({BY_NAME, BY_TIME, None})]
)
refused_orders = st.sampled_from([frozenset(), frozenset({BY_NAME}), frozenset({BY_NAME, BY_TIME})])


@st.composite
def well_behaved(draw: st.DrawFn) -> ServerBehavior:
    """An unchanging server whose pages match its totals. It may cap pages, send longer ones, or refuse an order."""
    return ServerBehavior(
        rows=draw(rows),
        clamp=draw(page_sizes),
        floor=draw(st.sampled_from([0, 0, 0, 7, 30, ANY])),
        repeats_last=draw(st.booleans()),
        refuses_past_end=draw(st.booleans()),
        total_on_empty=draw(st.booleans()),
        largest_size=draw(st.just(ANY) | st.integers(3, 25)),  # below, one repeated row proves nothing
        refused_orders=draw(refused_orders),
    )


def faults(most_times: int | None) -> st.SearchStrategy[Fault]:
    """Faults that pass after `most_times` times at most; with None also faults that last for ever."""
    lasting = st.none() if most_times is None else st.nothing()
    return st.one_of(
        st.builds(
            Fault,
            position=st.integers(0, MAX_ROWS),
            kind=st.sampled_from(["fails", "refused", "short", "empty"]),
            times=lasting | st.integers(1, most_times or 5),
        ),
        st.builds(Fault, position=st.integers(0, MAX_ROWS), kind=st.just("no total"), times=lasting | st.just(1)),
    )


@st.composite
def with_passing_faults(draw: st.DrawFn) -> ServerBehavior:
    """Well behaved except for faults that pass before the last try of a window."""
    found = draw(st.lists(faults(3), max_size=2))
    if any(fault.kind == "fails" for fault in found):  # a first page without a total counts at its last try
        found = [fault for fault in found if fault.kind != "no total"]
    return ServerBehavior(**{**vars(draw(well_behaved())), "floor": 0, "faults": tuple(found)})


@st.composite
def unchanging(draw: st.DrawFn) -> ServerBehavior:
    """An unchanging server with any fault or wrong total that a reader can recognize."""
    behavior = draw(well_behaved())
    totals = draw(st.sampled_from(["true", "true", "true", "none", "length", "more", "huge", "zero", "mixed"]))
    cap = draw(st.sampled_from([ANY, ANY, 10, 20, 33]))
    found = tuple(
        fault
        for fault in draw(st.lists(faults(None), max_size=4))
        if fault.position < cap
        or fault.kind in {"fails", "refused"}  # no client can see a row that is neither counted nor sent
    )
    changed = {
        "totals": totals,
        "extra": draw(st.integers(1, 400)),
        "total_cap": cap,
        "clamp_from": draw(st.sampled_from([0, 0, 1, 20])),
        "page_weight": draw(page_weights),
        "ignores_offset": totals != "length" and draw(st.booleans()),
        "faults": found,
    }
    if totals == "length":  # a short page with an uncommon length would prove itself
        changed |= {
            "clamp": ANY,
            "page_weight": ANY,
            "faults": tuple(fault for fault in found if fault.kind in {"fails", "refused"}),
        }
    return ServerBehavior(**{**vars(behavior), **changed})


changes = st.builds(
    InventoryChange,
    at=st.integers(1, 20),
    kind=st.sampled_from(["insert", "delete", "swap", "reverse"]),
    position=st.integers(0, MAX_ROWS),
    count=st.integers(1, 30),
    every=st.none() | st.integers(1, 12),
)


@st.composite
def changing(draw: st.DrawFn) -> ServerBehavior:
    """A server whose inventory changes while it is read, once or for ever."""
    found = tuple(draw(st.lists(changes, min_size=1, max_size=3)))
    return ServerBehavior(**{**vars(draw(unchanging())), "changes": found, "shuffled_orders": draw(shuffled_orders)})


any_behavior = st.one_of(well_behaved(), with_passing_faults(), unchanging(), changing())
