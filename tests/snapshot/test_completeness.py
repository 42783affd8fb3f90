"""Laws of completeness: a snapshot is complete when there is no reason against it, and the reasons say which."""

from itertools import product

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.model.verdict import MEANINGS, Verdict
from crawler.snapshot.completeness import (
    Incompleteness,
    incompleteness,
    incompleteness_of,
    is_proven,
    sum_if_known,
)
from crawler.snapshot.manifest import Coverage, Overlap, Shrinkage
from tests.audit.examples import manifest, walk

VERDICTS: tuple[Verdict, ...] = ("complete", "drifted", "partial", "unproven")
COVERED = Coverage(target="eu", center="self", declared=5, covered=5)
SHORT = Coverage(target="eu", center="self", declared=5, covered=3)
SAME = Overlap(target="eu", compared=2, in_both=2)
UNKNOWN = Coverage(target="eu", center="thirdparty", declared=None, covered=3)
SHRANK = Shrinkage(target="eu", center="self", namespace=None, before=100, now=0, snapshot="night1")


@given(st.lists(st.tuples(st.sampled_from(VERDICTS), st.integers(0, 1))))
def test_complete_is_every_walk_proven_and_nothing_rejected(ended: list[tuple[Verdict, int]]) -> None:
    walks = [walk(verdict=verdict, rejects=rejects) for verdict, rejects in ended]
    complete = all(verdict == "complete" and rejects == 0 for verdict, rejects in ended)
    assert incompleteness(walks).status == ("complete" if complete else "incomplete")
    assert all(map(is_proven, walks)) is complete


@pytest.mark.parametrize("allowed", [False, True])
def test_an_uncovered_center_is_a_reason_unless_the_run_accepted_it(*, allowed: bool) -> None:
    why = incompleteness([walk()], (COVERED, SHORT, UNKNOWN), allow_partial_coverage=allowed)
    assert why.uncovered_centers == (() if allowed else (SHORT, UNKNOWN))
    assert why.status == ("complete" if allowed else "incomplete")
    found = manifest(coverage=(SHORT,), config={"allow_partial_coverage": allowed})
    assert incompleteness_of(found).uncovered_centers == (() if allowed else (SHORT,))


@pytest.mark.parametrize("allowed", [False, True])
def test_shrinkage_is_a_reason_unless_the_run_accepted_it(*, allowed: bool) -> None:
    status = "complete" if allowed else "incomplete"
    assert incompleteness([walk()], (), (SHRANK,), allow_shrink=allowed).shrinkage == (() if allowed else (SHRANK,))
    assert incompleteness([walk()], (), (SHRANK,), allow_shrink=allowed).status == status
    found = incompleteness_of(manifest(shrinkage=(SHRANK,), config={"allow_shrink": allowed}))
    assert (found.shrinkage, found.status) == (() if allowed else (SHRANK,), status)


@pytest.mark.parametrize(("in_both", "one_list"), [(64, True), (32, True), (31, False)])
def test_centers_that_hold_the_same_repositories_are_a_reason_from_half_of_them_on(
    in_both: int, *, one_list: bool
) -> None:
    overlap = Overlap(target="eu", compared=64, in_both=in_both)
    why = incompleteness([walk()], overlaps=(overlap,))
    assert why.equal_centers == ((overlap,) if one_list else ())
    assert (
        why.status == incompleteness([walk()], overlaps=(overlap,)).status == ("incomplete" if one_list else "complete")
    )
    assert incompleteness_of(manifest(overlaps=(overlap,))) == why


def test_every_reason_names_what_it_is_about_in_plan_order() -> None:
    walks = [walk(verdict=verdict, rejects=rejects) for verdict, rejects in product(VERDICTS, (0, 2))]
    why = incompleteness(walks, (SHORT,), (SHRANK,), (SAME,))
    assert why == Incompleteness(tuple(walks[2:]), tuple(walks[1::2]), (SHORT,), (SHRANK,), (SAME,))
    assert why.rejects == 8
    assert Incompleteness().status == "complete"


def test_the_reasons_do_not_depend_on_what_a_manifest_says_of_itself() -> None:
    drifted = manifest(walk(verdict="drifted"), status="complete")
    assert incompleteness_of(drifted).status == "incomplete"
    assert incompleteness_of(msgspec.structs.replace(manifest(), status="incomplete")).status == "complete"


@given(st.lists(st.none() | st.integers()))
def test_a_sum_with_an_unknown_number_is_unknown(numbers: list[int | None]) -> None:
    assert sum_if_known(numbers) == (None if None in numbers else sum(number or 0 for number in numbers))


def test_every_verdict_has_a_meaning_in_plain_words() -> None:
    assert set(MEANINGS) == set(VERDICTS)
    for one in MEANINGS.values():
        assert one.summary[0].islower()
        assert not one.summary.endswith(".")
        assert one.meaning[0].isupper()
        assert one.meaning.endswith(".")
        assert not set("|`\n") & set(one.meaning), "it is shown in a cell of a table"
