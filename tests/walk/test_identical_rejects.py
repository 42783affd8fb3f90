"""The laws of rejects with the same bytes: each is counted, and none stands for a row that was lost."""

from collections import Counter
from dataclasses import replace
from typing import NamedTuple

import pytest
from hypothesis import assume, event, example, given, settings
from hypothesis import strategies as st

from crawler.walk.judgement import DoubleRead
from crawler.walk.passes.evidence import PassEvidence
from tests.support.examples import examples
from tests.walk.model_server import (
    ANY,
    POISON,
    Crawl,
    InventoryChange,
    Server,
    ServerBehavior,
    WalkConfig,
    evidence_of,
    page_of,
    replay,
)
from tests.walk.strategies import Pick, concurrencies, response_orders, unchanging, walk_configs

quick = settings(max_examples=examples(quick=40), deadline=None)
thorough = settings(max_examples=10_000, deadline=None)
often = st.integers(2, 9)


def first(_: int) -> int:
    return 0


class PassBegin(NamedTuple):
    """The number of a pass, and how many requests came before its first one."""

    number: int
    requests: int


def crawled(
    behavior: ServerBehavior, config: WalkConfig, concurrency: int = 1, pick: Pick = first
) -> tuple[Crawl, list[PassBegin]]:
    """Return an ended crawl, and when each of its passes began."""
    done = Crawl(Server(behavior), config.new_walk(), concurrency, pick)
    begins = [PassBegin(1, 0)]
    while done.walk.verdict is None:
        assert done.requests < 30_000, "the walk does not end"
        done.fill()
        done.answer(pick(len(done.in_flight)))
        if done.walk.passes > begins[-1].number:
            begins.append(PassBegin(done.walk.passes, done.server.requests))
    return done, begins


def items_of(done: Crawl) -> Counter[int]:
    """Return how often the last pass kept each key."""
    return Counter(key for page in done.last_pass for key in page.items.keys)


# ---- an unchanging list


def check_proof(behavior: ServerBehavior, config: WalkConfig, concurrency: int, pick: Pick) -> None:
    done, _ = crawled(behavior, config, concurrency, pick)
    event(f"{done.walk.verdict} {done.walk.passes}")
    if done.walk.verdict == "complete":
        assert items_of(done) == Counter(map(done.server.key_of, done.server.rows))
        assert (done.walk.distinct, done.walk.duplicates) == (len(done.server.rows), 0)


@quick
@given(unchanging(), often, walk_configs, concurrencies, response_orders)
def test_a_complete_walk_has_every_row_and_every_reject_of_an_unchanging_server(
    behavior: ServerBehavior, every: int, config: WalkConfig, concurrency: int, pick: Pick
) -> None:
    check_proof(replace(behavior, poison_every=every), config, concurrency, pick)


@pytest.mark.slow
@thorough
@given(unchanging(), st.integers(1, 9), walk_configs, concurrencies, response_orders)
def test_a_complete_walk_has_every_row_and_every_reject_at_length(
    behavior: ServerBehavior, every: int, config: WalkConfig, concurrency: int, pick: Pick
) -> None:
    check_proof(replace(behavior, poison_every=every), config, concurrency, pick)


@quick
@given(st.integers(2, 60), often, st.integers(4, 22), st.booleans(), concurrencies, response_orders)
@example(10, 3, 10, False, 1, first)
@example(60, 7, 10, True, 3, first)
def test_identical_rejects_among_records_are_proven_in_two_passes_and_in_one_where_no_two_pages_have_them(
    rows: int,
    every: int,
    limit: int,
    double_read: bool,  # noqa: FBT001 - drawn
    concurrency: int,
    pick: Pick,
) -> None:
    sizes = (limit, limit - 1)
    assume(all(rows % size != 1 or (rows - 1) % every for size in sizes))  # a last page of one reject proves nothing
    config = WalkConfig(limit, double_read=double_read)
    done, _ = crawled(ServerBehavior(rows, poison_every=every), config, concurrency, pick)
    on_pages = len({row // limit for row in range(0, rows, every)})
    twice = on_pages > 1 or (double_read and rows > limit)
    assert (done.walk.verdict, done.walk.passes) == ("complete", 1 + twice)
    assert items_of(done) == Counter(map(done.server.key_of, range(rows)))
    assert (done.walk.distinct, done.walk.duplicates) == (rows, 0)


@quick
@given(unchanging(), often, walk_configs)
def test_a_walk_with_identical_rejects_is_the_same_after_a_resume(
    behavior: ServerBehavior, every: int, config: WalkConfig
) -> None:
    behavior = replace(behavior, poison_every=every, largest_size=ANY, refused_orders=frozenset())  # nothing to learn
    done, _ = crawled(behavior, config)
    resumed = replay(config.new_walk(), done.history)
    assert evidence_of(resumed) == evidence_of(done.walk)


# ---- rows that move

exchanges = st.builds(
    InventoryChange,
    at=st.integers(1, 30),
    kind=st.just("exchange"),
    position=st.integers(0, 40),
    count=st.integers(1, 30),
)


def is_quiet(behavior: ServerBehavior, begin: int, end: int) -> bool:
    """Return whether no row moved while the requests behind `begin` were answered, up to `end`."""
    return not any(begin + 1 < change.at <= end for change in behavior.changes)


def check_nothing_lost(behavior: ServerBehavior, config: WalkConfig, concurrency: int, pick: Pick) -> None:
    """When rows only change places, one quiet pass of the two that agree is enough; a reject on one page needs none.

    Where rows move in both passes in step, no comparison helps (docs/explanation/completeness.md).
    """
    done, begins = crawled(behavior, config, concurrency, pick)
    ends = [*(begin.requests for begin in begins[1:]), done.server.requests]
    quiet = [is_quiet(behavior, begin.requests, end) for begin, end in zip(begins, ends, strict=True)]
    on_pages = sum(POISON in page.items.keys for page in done.last_pass if page.length)
    event(f"{done.walk.verdict}, {done.walk.passes} passes, quiet {quiet[-2:]}")
    if done.walk.verdict == "complete" and (on_pages <= 1 or any(quiet[-2:])):
        assert items_of(done) == Counter(map(done.server.key_of, done.server.rows))


@quick
@given(
    st.integers(2, 60), often, st.lists(exchanges, min_size=1, max_size=3), walk_configs, concurrencies, response_orders
)
def test_no_identical_reject_stands_for_a_row_that_moved(
    rows: int, every: int, moves: list[InventoryChange], config: WalkConfig, concurrency: int, pick: Pick
) -> None:
    check_nothing_lost(ServerBehavior(rows, poison_every=every, changes=tuple(moves)), config, concurrency, pick)


@pytest.mark.slow
@thorough
@given(
    st.integers(2, 60), often, st.lists(exchanges, min_size=1, max_size=6), walk_configs, concurrencies, response_orders
)
def test_no_identical_reject_stands_for_a_row_that_moved_at_length(
    rows: int, every: int, moves: list[InventoryChange], config: WalkConfig, concurrency: int, pick: Pick
) -> None:
    check_nothing_lost(ServerBehavior(rows, poison_every=every, changes=tuple(moves)), config, concurrency, pick)


_LOSES_A_ROW = InventoryChange(at=2, kind="exchange", position=6, count=4)  # the reject 6 and the row 10


def test_a_pass_that_read_a_reject_twice_in_the_place_of_a_row_proves_nothing_and_the_next_ones_find_the_row() -> None:
    behavior = ServerBehavior(30, poison_every=6, changes=(_LOSES_A_ROW,))
    once, _ = crawled(behavior, WalkConfig(10, max_passes=1))
    assert 10 not in once.keys
    assert items_of(once).total() == 30  # as many as declared
    assert once.walk.judgement == (
        "unproven",
        "rejects with the same bytes are on several pages, and no two passes in a row agree on the records",
    )
    twice, _ = crawled(behavior, WalkConfig(10, max_passes=2))
    assert twice.walk.verdict == "unproven"
    done, _ = crawled(behavior, WalkConfig(10))
    assert (done.walk.verdict, done.walk.passes) == ("complete", 3)
    assert items_of(done) == Counter(map(done.server.key_of, range(30)))


@pytest.mark.parametrize("limit", [1, 2, 3, 10])
def test_a_service_that_ignores_the_offset_proves_nothing_by_pages_of_rejects(limit: int) -> None:
    for rows in range(2 * limit, 5 * limit + 1):
        behavior = ServerBehavior(rows, poison_every=1, ignores_offset=True)
        done, _ = crawled(behavior, WalkConfig(limit))
        on_one_page = any(page.length == rows for page in done.last_pass)  # of a later pass, with larger pages
        assert done.walk.verdict != "complete" or on_one_page


@pytest.mark.parametrize(
    ("limit", "expected"), [(10, [10, 9, 8, 10]), (3, [3, 2, 1, 3]), (2, [2, 1, 1, 2]), (1, [1] * 4)]
)
def test_each_pass_after_one_with_repeats_has_another_page_size(limit: int, expected: list[int]) -> None:
    double_read = DoubleRead(is_required=False)
    sizes = [double_read.page_limit_of(1, limit)]
    for number in (2, 3, 4):
        seen = PassEvidence()
        for row in (0, 2):
            seen.count(page_of([POISON, row], 4))
        seen.end = "seen"
        double_read.confirms(seen)
        sizes.append(double_read.page_limit_of(number, limit))
    assert sizes == expected


@pytest.mark.parametrize("largest", [1, 2, 3])
def test_a_walk_with_repeats_ends_where_the_service_accepts_small_pages_only(largest: int) -> None:
    for limit in range(1, 5):
        done, _ = crawled(ServerBehavior(9, poison_every=2, largest_size=largest), WalkConfig(limit, max_passes=4))
        complete = done.walk.verdict == "complete"
        assert not complete or items_of(done) == Counter(map(done.server.key_of, range(9)))


def test_a_pass_confirms_the_one_before_only_with_the_same_rejects_each_as_often() -> None:
    def seen(*pages: tuple[int, ...]) -> PassEvidence:
        evidence = PassEvidence()
        for page in pages:
            evidence.count(page_of(page, sum(map(len, pages))))
        evidence.end = "seen"
        return evidence

    double_read = DoubleRead(is_required=False)
    passes = [
        seen((POISON, 1), (POISON, 2)),
        seen((POISON, 1), (POISON, 2, POISON)),
        seen((POISON, 1, 2, POISON), (POISON, 3)),
        seen((1, POISON), (POISON, 2, 3), (POISON, 4)),
        seen((POISON, POISON, POISON, 1), (2, 3, 4)),
    ]
    assert [double_read.confirms(one) for one in passes] == [False, False, False, False, True]
    one_page = seen((POISON, POISON, POISON, 1))
    assert (one_page.is_consistent, one_page.repeats) == (True, 0)
    assert DoubleRead(is_required=False).confirms(one_page)
