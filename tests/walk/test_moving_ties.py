"""The order of equal rows that changes from request to request: another column is tried, and what works is kept."""

from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.model.window import Order
from crawler.walk.pass_sequence import WalkRules
from crawler.walk.server_profile import OrderDropped, ServerProfile, SharedProfile, StableOrder
from crawler.walk.walk import Walk
from tests.support.examples import examples
from tests.walk.model_server import BY_NAME, BY_TIME, TRIES, Crawl, Server, ServerBehavior, WalkConfig, page_of, replay
from tests.walk.strategies import Pick, concurrencies, limits, response_orders

BY_TAGS: Final = Order("tag_count", "asc")
SPARE: Final = (Order("namespace", "asc"), Order("domain_name", "asc"), BY_TAGS)


def walk_of(*orders: Order | None, double_read: bool = False, max_passes: int = 3) -> tuple[Walk, SharedProfile]:
    profile = SharedProfile(ServerProfile(10, orders))
    return Walk(profile, WalkRules(max_passes, double_read)), profile


@settings(max_examples=examples(quick=30), deadline=None)
@given(st.integers(0, 60), limits, concurrencies, response_orders)
def test_a_list_that_holds_still_in_another_column_is_complete(
    rows: int, limit: int, concurrency: int, pick: Pick
) -> None:
    config = WalkConfig(limit, max_passes=2)
    server = Server(ServerBehavior(rows, shuffled_orders=frozenset({BY_NAME})))
    done = Crawl(server, config.new_walk(), concurrency, pick).run()
    assert (done.walk.verdict, done.keys) == ("complete", set(range(rows)))


@settings(max_examples=examples(quick=30), deadline=None)
@given(st.integers(0, 60), limits, concurrencies, response_orders, st.booleans())
def test_whatever_moves_a_complete_walk_has_every_row_and_a_replay_ends_the_same(
    rows: int,
    limit: int,
    concurrency: int,
    pick: Pick,
    double_read: bool,  # noqa: FBT001 - drawn
) -> None:
    config = WalkConfig(limit, double_read=double_read)
    orders: frozenset[Order | None] = frozenset(
        {BY_NAME, BY_NAME.reversed(), BY_TIME, BY_TIME.reversed(), None, *SPARE}
    )
    done = Crawl(Server(ServerBehavior(rows, shuffled_orders=orders)), config.new_walk(), concurrency, pick).run()
    if done.walk.verdict == "complete":
        assert done.keys == set(range(rows))
    replayed = replay(config.new_walk(), done.history)
    assert (replayed.judgement, replayed.passes) == (done.walk.judgement, done.walk.passes)


def test_the_columns_are_tried_in_turn_the_users_own_first_and_what_works_is_kept() -> None:
    walk, profile = walk_of(BY_NAME, None, max_passes=6)
    done = Crawl(
        Server(ServerBehavior(35, shuffled_orders=frozenset({BY_NAME, None, BY_TIME, *SPARE[:2]}))), walk
    ).run()
    tried = list(dict.fromkeys(window.order for window, _ in done.history))
    assert tried == [BY_NAME, None, BY_TIME, *SPARE]
    assert (done.walk.verdict, profile.present.orders) == ("complete", (BY_TAGS, BY_NAME, None))


def test_a_list_that_changed_is_read_again_in_the_same_order() -> None:
    walk, profile = walk_of(BY_NAME, BY_TIME)
    server = Server(ServerBehavior(35))
    done = Crawl(server, walk)
    done.fill()
    done.answer(0)
    del server.rows[3]
    done.run()
    assert (walk.verdict, walk.passes, walk.reading.order) == ("complete", 2, BY_NAME)
    assert profile.present.orders == (BY_NAME, BY_TIME)


def test_fewer_rows_in_another_order_are_no_proof() -> None:
    walk, _ = walk_of(BY_NAME, BY_TIME)
    for keys in ([*range(10)], [*range(5, 15)]):
        window = walk.next_window()
        assert window is not None
        walk.on_page(window, page_of(keys, 20), last_try=True)
    assert (walk.passes, walk.reading.order) == (2, BY_TIME)
    done = Crawl(Server(ServerBehavior(15)), walk).run()
    assert done.walk.verdict == "drifted"


def test_an_order_in_which_nothing_is_listed_is_left_for_the_next_one() -> None:
    walk, _ = walk_of(BY_NAME, BY_TIME)
    history = []
    for keys in ([*range(10)], [*range(5, 15)]):
        window = walk.next_window()
        assert window is not None
        page = page_of(keys, 20)
        walk.on_page(window, page, last_try=True)
        history.append((window, page))
    lost = walk.next_window()
    assert lost is not None
    assert lost.order == BY_TIME
    walk.on_lost(lost, f"refused {TRIES} times")
    follows = walk.next_window()
    assert follows is not None
    assert (walk.verdict, follows.order, follows.pass_number) == (None, SPARE[0], 2)
    replayed, _ = walk_of(BY_NAME, BY_TIME)
    for settled, page in history:
        replayed.replay(settled)
        replayed.on_page(settled, page, last_try=True, replayed=True)
    replayed.replay(lost)
    replayed.on_lost(lost, "")
    assert (replayed.next_window(), replayed.windows) == (follows, walk.windows)


@pytest.mark.parametrize("order", [BY_NAME, BY_TIME, BY_TAGS])
def test_a_refused_column_is_not_tried_again(order: Order) -> None:
    profile = ServerProfile(10, (BY_NAME, None)).learn(OrderDropped(order))
    assert order not in {*profile.orders, *profile.spare_orders}
    assert profile.is_reversible


def test_a_column_that_holds_still_is_the_first_choice() -> None:
    profile = ServerProfile(10, (BY_NAME, None)).learn(StableOrder(BY_TIME))
    assert (profile.orders, profile.order_besides(()), BY_TIME in profile.spare_orders) == (
        (BY_TIME, BY_NAME, None),
        BY_TIME,
        False,
    )
    assert profile.order_besides({*profile.orders, *profile.spare_orders}) == BY_TIME
