"""How many items a list declares, by a few small requests (walk/census/total_probe.py)."""

import pytest

from crawler.model.window import Order, Window
from crawler.swr.page import EMPTY_PAGE, Page
from crawler.walk.census.total_probe import TotalProbe
from crawler.walk.census.total_steps import ListTotal
from crawler.walk.passes.outcome import AskAgain, Refusal, Settled, WalkError
from crawler.walk.server_profile import ServerProfile, SharedProfile
from tests.walk.model_server import BY_NAME, BY_TIME, Server, ServerBehavior, page_of


def new_probe(*orders: Order | None) -> TotalProbe:
    return TotalProbe(SharedProfile(ServerProfile(1000, orders or (BY_NAME,))))


def ask(probe: TotalProbe, answers: list[Page] | Server, tries: int = 3) -> list[tuple[int, int]]:
    """Answer the probe until it has its result; return offset and limit of each request."""
    asked = []
    given = iter(answers) if isinstance(answers, list) else None
    while (window := probe.next_window()) is not None:
        attempt = 1
        while True:
            asked.append((window.offset, window.limit))
            page = next(given) if given else answers.answer(window)  # type: ignore[union-attr]
            assert isinstance(page, Page)
            outcome = probe.on_page(window, page, last_try=attempt >= tries)
            if isinstance(outcome, Settled):
                break
            attempt += 1
    return asked


@pytest.mark.parametrize(
    ("behavior", "result", "asked"),
    [
        (ServerBehavior(35), ListTotal(35, "seen"), [(0, 2), (34, 2)]),
        (ServerBehavior(36), ListTotal(36, "seen"), [(0, 2), (35, 5)]),
        (ServerBehavior(2), ListTotal(2, "seen"), [(0, 2), (0, 1), (0, 3)]),
        (ServerBehavior(1), ListTotal(1, "seen"), [(0, 2), (1, 1), (1, 1)]),
        (ServerBehavior(1, ignores_offset=True), ListTotal(1, "seen"), [(0, 2), (1, 1)]),
        (ServerBehavior(0), ListTotal(0, "seen"), [(0, 2), (0, 2)]),
        (ServerBehavior(0, total_on_empty=False), ListTotal(0, "seen"), [(0, 2), (0, 2)]),
        (ServerBehavior(35, totals="length"), ListTotal(None), [(0, 2), (0, 1)]),
        (ServerBehavior(35, totals="none"), ListTotal(None), [(0, 2), (0, 2)]),
        (ServerBehavior(35, total_cap=20), ListTotal(20, "beyond"), [(0, 2), (18, 3)]),
        (ServerBehavior(35, totals="more", extra=4), ListTotal(39, "unseen"), [(0, 2), (38, 2), (38, 2), (38, 2)]),
    ],
)
def test_a_total_is_told_from_a_page_length_and_from_a_cap(
    behavior: ServerBehavior, result: ListTotal, asked: list[tuple[int, int]]
) -> None:
    probe = new_probe()
    assert ask(probe, Server(behavior)) == asked
    assert probe.result == result


@pytest.mark.parametrize(
    ("answers", "result"),
    [
        ([EMPTY_PAGE, page_of([1], 1), EMPTY_PAGE, EMPTY_PAGE], ListTotal(1, "seen")),
        ([page_of([1], 1), page_of([2], 1)], ListTotal(2, "beyond")),
        ([page_of([1], 1), page_of([1], 3)], ListTotal(3, "unseen")),
        ([page_of([1, 2], None), page_of([1], 1), page_of([1], 1)], ListTotal(2, "unseen")),
        ([EMPTY_PAGE, page_of([1, 2], 50), page_of([7, 8, 9], 50)], ListTotal(50, "beyond")),
        ([page_of([1], 1), EMPTY_PAGE, page_of([1], 1)], ListTotal(1, "seen")),
        ([page_of([1], 1), EMPTY_PAGE, page_of([], 7)], ListTotal(7, "unseen")),
        ([page_of([1, 2], None), EMPTY_PAGE, EMPTY_PAGE], ListTotal(2, "unseen")),
        ([page_of([1], 1), EMPTY_PAGE, page_of([1], None)], ListTotal(1, "seen")),
        ([page_of([1, 2], 2), EMPTY_PAGE, page_of([1], 1)], ListTotal(None)),
        ([page_of([1, 2], 5), page_of([5, 6], 6)], ListTotal(6, "unseen")),
        # The last pages end early: what begins at the total shows the end.
        ([page_of([1], 20), *[page_of([18], 20)] * 3, EMPTY_PAGE, EMPTY_PAGE], ListTotal(20, "seen")),
        ([page_of([1], 20), *[page_of([18], 20)] * 3, EMPTY_PAGE, page_of([20], 20)], ListTotal(20)),
        ([page_of([1], 20), *[page_of([18], 20)] * 3, page_of([], 30)], ListTotal(30)),
    ],
)
def test_answers_that_contradict_each_other_prove_no_small_total(answers: list[Page], result: ListTotal) -> None:
    probe = new_probe()
    ask(probe, answers)
    assert probe.result == result


def test_a_probe_waits_for_its_answer_and_asks_nothing_afterwards() -> None:
    probe = new_probe()
    window = probe.next_window()
    assert window == Window(1, 0, 2, BY_NAME)
    assert (probe.next_window(), probe.waiting) == (None, True)
    probe.on_page(window, page_of([1, 2], 35), last_try=False)
    assert not probe.waiting
    tail = probe.next_window()
    assert tail is not None
    probe.on_lost(tail, "no answer")
    assert probe.result == ListTotal(35)
    assert probe.next_window() is None


def test_a_total_that_no_window_can_straddle_is_a_claim() -> None:
    probe = new_probe()
    window = probe.next_window()
    assert window is not None
    probe.on_page(window, page_of([1, 2], 2 * 3 * 5 * 7 * 11 * 13 * 17 * 19 * 23), last_try=False)
    assert probe.result is not None
    assert probe.result.end == "unseen"


def test_refused_sizes_and_orders_are_lowered_until_nothing_is_left() -> None:
    probe = new_probe(BY_NAME, BY_TIME)
    window = probe.next_window()
    assert window is not None
    assert probe.on_shape_refused(window, "size")
    smaller = probe.next_window()
    assert smaller == window._replace(limit=1)
    assert not probe.on_shape_refused(smaller, "size")
    assert probe.on_shape_refused(smaller, "order")
    by_time = probe.next_window()
    assert by_time == smaller._replace(order=BY_TIME)
    assert not probe.on_shape_refused(by_time, "order")
    probe.on_refused(by_time, Refusal("HTTP 404"))
    assert isinstance(probe.on_page(by_time, EMPTY_PAGE, last_try=False), AskAgain)
    probe.on_page(by_time, page_of([1], 1), last_try=False)
    assert probe.result == ListTotal(None)  # a full page of one: its total may be its length


def test_a_window_over_the_end_that_is_too_large_gives_way_to_the_last_row_and_one_more() -> None:
    probe = new_probe()
    first = probe.next_window()
    assert first is not None
    probe.on_page(first, page_of([1, 2], 30), last_try=False)
    tail = probe.next_window()
    assert tail == first._replace(offset=28, limit=7)
    assert probe.on_shape_refused(tail, "size")
    last = probe.next_window()
    assert last == first._replace(offset=29, limit=2)
    resumed = new_probe()
    for window, page in ((first, page_of([1, 2], 30)), (last, page_of([30], 30))):
        resumed.replay(window)
        resumed.on_page(window, page, last_try=True, replayed=True)
    assert not probe.on_shape_refused(last, "size")
    probe.on_page(last, page_of([30], 30), last_try=False)
    assert probe.result == resumed.result == ListTotal(30, "seen")


def test_a_journal_replays_a_probe_and_one_of_another_probe_is_refused() -> None:
    probe = new_probe()
    with pytest.raises(WalkError):
        probe.replay(Window(1, 5, 2, BY_NAME))
    probe.replay(Window(1, 0, 2, BY_NAME))
    with pytest.raises(WalkError):
        probe.replay(Window(1, 0, 2, BY_NAME))
    with pytest.raises(WalkError):
        probe.on_lost(Window(1, 9, 2, BY_NAME), "no answer")
    assert probe.on_page(Window(1, 0, 2, BY_NAME), EMPTY_PAGE, last_try=True, replayed=True) == Settled(EMPTY_PAGE)
    assert probe.result == ListTotal(0, "seen")


def test_a_replayed_contradiction_stays_one() -> None:
    answers = [page_of([1, 2], None), EMPTY_PAGE]
    probe, kept = new_probe(), list[Page]()
    window = probe.next_window()
    assert window is not None
    for number, page in enumerate(answers):
        outcome = probe.on_page(window, page, last_try=number == 1)
        kept += [outcome.page] if isinstance(outcome, Settled) else []
    replayed = new_probe()
    replayed.replay(window)
    replayed.on_page(window, kept[0], last_try=True, replayed=True)
    assert probe.result == ListTotal(2, "unseen")
    assert replayed.result is not None
    assert replayed.result.end == "unseen"


def test_a_refusal_behind_one_item_counts_when_the_first_page_comes_again() -> None:
    probe, resumed = new_probe(), new_probe()
    first = Window(1, 0, 2, BY_NAME)
    assert probe.next_window() == first
    probe.on_page(first, page_of([1], 1), last_try=False)
    past = probe.next_window()
    assert past == Window(1, 1, 1, BY_NAME)
    refused = probe.on_refused(past, Refusal("HTTP 404"))
    assert isinstance(refused, Settled)
    assert probe.result is None
    again = probe.next_window()
    assert again == first
    probe.on_page(again, page_of([1], 1), last_try=False)
    for window, page in ((first, page_of([1], 1)), (past, refused.page), (again, page_of([1], 1))):
        resumed.replay(window)
        resumed.on_page(window, page, last_try=True, replayed=True)
    assert probe.result == resumed.result == ListTotal(1, "seen")


def test_a_refusal_behind_one_item_is_no_end_when_nothing_comes_afterwards() -> None:
    probe = new_probe()
    for answer in (page_of([1], 1), None, EMPTY_PAGE):
        window = probe.next_window()
        assert window is not None
        if answer is None:
            probe.on_refused(window, Refusal("HTTP 404"))
        else:
            probe.on_page(window, answer, last_try=True)
    assert probe.result == ListTotal(1, "unseen")


def test_a_window_behind_the_last_rows_that_is_lost_or_refused_leaves_the_total_a_claim() -> None:
    probe = new_probe()
    for page in (page_of([1], 20), page_of([18], 20)):
        window = probe.next_window()
        assert window is not None
        probe.on_page(window, page, last_try=True)
    behind = probe.next_window()
    assert behind == Window(1, 20, 1, BY_NAME)
    assert probe.on_refused(behind, Refusal("HTTP 404")) is None
    probe.on_lost(behind, "no answer")
    assert probe.result == ListTotal(20)
