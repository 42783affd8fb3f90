"""What the census of a center says of it: its totals, and the records that it showed (walk/census/)."""

from crawler.walk.census.census_rows import CensusRows
from crawler.walk.census.center_census import AskTotal, CenterCensus, EndResting
from crawler.walk.census.total_steps import ListTotal


def seen(total: int) -> ListTotal:
    return ListTotal(total, "seen")


def test_a_center_that_held_records_after_its_walks_is_not_empty_because_a_later_answer_says_so() -> None:
    census = CenterCensus(1)
    census.on_total(seen(0))
    census.on_rest(0, 0)
    assert census.next_step() == AskTotal()
    census.on_total(seen(60))
    assert census.next_step() == EndResting(agrees=False)
    census.on_end(0, 0)
    assert census.next_step() == AskTotal()
    census.on_total(seen(0))
    assert census.next_step() is None
    assert (census.before, census.after, census.is_done) == (0, 60, True)


def test_a_total_that_falls_while_the_walks_look_again_is_taken() -> None:
    census = CenterCensus(1)
    census.on_total(seen(9))
    census.on_rest(0, 8)
    assert census.next_step() == AskTotal()
    census.on_total(seen(9))
    assert census.next_step() == EndResting(agrees=False)
    census.on_end(0, 8)
    assert census.next_step() == AskTotal()
    census.on_total(seen(8))
    assert (census.next_step(), census.after) == (None, 8)


def test_records_shown_before_the_walks_are_looked_for_on_all_their_pages_also_on_earlier_ones() -> None:
    rows = CensusRows()
    rows.on_page([1, 2])
    rows.on_shown_before([2, 3, 4])
    rows.on_page([3])
    rows.on_page([7, 8])
    rows.on_shown_after([2, 3, 4, 7])
    assert rows.unmatched == {4, 7}  # 7 was not looked for: whether a walk holds it is read from the disk


def test_what_any_answer_after_the_walks_shows_counts() -> None:
    rows = CensusRows()
    rows.on_shown_before([1])
    rows.on_page([1])
    rows.on_page([1])
    rows.on_shown_after([1, 2])
    rows.on_shown_after([1])
    assert rows.unmatched == {2}
