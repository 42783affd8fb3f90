"""Laws of completeness: a snapshot is complete when there is no reason against it, and the reasons say which."""

from itertools import product
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.model.verdict import MEANINGS, Verdict
from crawler.snapshot.completeness import (
    Shortfall,
    contradictions,
    counted_places,
    find_shortfalls,
    in_brief,
    is_proven,
    missing_of,
    shortfalls,
    status_from,
    sum_if_known,
)
from crawler.snapshot.manifest import Coverage, Lost, Overlap, Shrinkage, TargetEntry
from tests.audit.examples import manifest, walk

VERDICTS: tuple[Verdict, ...] = ("complete", "drifted", "partial", "unproven")
COVERED = Coverage(target="eu", center="self", declared=5, covered=5)
SHORT = Coverage(target="eu", center="self", declared=5, covered=3)
SAME = Overlap(target="eu", compared=2, in_both=2)
UNKNOWN = Coverage(target="eu", center="thirdparty", declared=None, covered=3)
SHRANK = Shrinkage(target="eu", center="self", namespace=None, before=3000, now=1, snapshot="night1")
EMPTIED = Shrinkage(target="eu", center="self", namespace="team", before=20, now=0, snapshot="night1")
FAILED = TargetEntry(name="us", state="failed", planned=3, published=1, kind="unavailable", reason="no answer")
ENDED = TargetEntry(name="eu", state="ended", planned=2, published=2)
LOST = walk(
    verdict="partial", namespace="a", declared_totals=(9,), records=4, lost=(Lost(offset=4, end=9, got=0, reason="-"),)
)


def kinds(found: list[Shortfall]) -> list[tuple[str, str]]:
    return [(one.kind, one.place) for one in found]


@given(st.lists(st.tuples(st.sampled_from(VERDICTS), st.integers(0, 1)), min_size=1))
def test_complete_is_every_walk_proven_and_nothing_rejected(ended: list[tuple[Verdict, int]]) -> None:
    walks = [walk(verdict=verdict, rejects=rejects) for verdict, rejects in ended]
    complete = all(verdict == "complete" and rejects == 0 for verdict, rejects in ended)
    assert status_from(shortfalls(manifest(*walks))) == ("complete" if complete else "incomplete")
    assert all(map(is_proven, walks)) is complete


def test_a_record_that_a_center_showed_and_no_walk_holds_is_a_reason_although_the_totals_agree() -> None:
    (found,) = shortfalls(manifest(coverage=(Coverage(target="eu", center="self", declared=5, covered=5, unheld=1),)))
    assert (found.kind, found.missing) == ("uncovered", 1)
    assert found.text == "showed 1 record that no namespace walked holds, and yet declares no more"


@pytest.mark.parametrize("allowed", [False, True])
def test_an_uncovered_center_is_a_reason_unless_the_run_accepted_it(*, allowed: bool) -> None:
    both = manifest(coverage=(COVERED, SHORT, UNKNOWN), config={"allow_partial_coverage": allowed})
    uncovered = [] if allowed else [("uncovered", "eu/self"), ("uncovered", "eu/thirdparty")]
    assert kinds(shortfalls(both)) == uncovered
    assert kinds(find_shortfalls(both, allow_partial_coverage=allowed)) == uncovered


@pytest.mark.parametrize("allowed", [False, True])
def test_shrinkage_is_a_reason_unless_the_run_accepted_it(*, allowed: bool) -> None:
    shrunk = manifest(shrinkage=(SHRANK, EMPTIED), config={"allow_shrink": allowed})
    found = [] if allowed else [("shrank", "eu/self"), ("shrank", "eu/self/team")]
    assert kinds(shortfalls(shrunk)) == found
    assert kinds(find_shortfalls(shrunk, allow_shrink=allowed)) == found


@pytest.mark.parametrize(("in_both", "one_list"), [(64, True), (32, True), (31, False)])
def test_centers_that_hold_the_same_repositories_are_a_reason_from_half_of_them_on(
    in_both: int, *, one_list: bool
) -> None:
    found = shortfalls(manifest(overlaps=(Overlap(target="eu", compared=64, in_both=in_both),)))
    assert kinds(found) == ([("equal centers", "eu")] if one_list else [])


def test_a_target_that_failed_is_a_reason() -> None:
    assert kinds(shortfalls(manifest(targets=(ENDED, FAILED)))) == [("target failed", "us")]


def test_the_reasons_come_kind_by_kind_and_each_in_plan_order() -> None:
    walks = [
        walk(verdict=verdict, namespace=f"n{rejects}", rejects=rejects)
        for verdict, rejects in product(VERDICTS, (0, 2))
    ]
    found = shortfalls(
        manifest(*walks, coverage=(SHORT,), shrinkage=(SHRANK,), overlaps=(SAME,), targets=(ENDED, FAILED))
    )
    assert [(one.kind, one.noun) for one in found] == [
        ("target failed", "target"),
        *((verdict, "namespace") for verdict in ("drifted", "drifted", "partial", "partial", "unproven", "unproven")),
        ("uncovered", "center"),
        ("shrank", "center"),
        ("equal centers", "target"),
        *[("rejects", "namespace")] * 4,
    ]
    assert missing_of(one for one in found if one.kind == "rejects") == 8


@pytest.mark.parametrize(
    ("fields", "place", "text", "missing"),
    [
        ({"targets": (FAILED,)}, "us", "stopped with 1 of 3 walks published: no answer", None),
        ({"walks": (LOST,)}, "eu/self/a", "is partial: 1 window not read; 4 records read, 5 missing", 5),
        (
            {"walks": (walk(verdict="drifted", passes=3),)},
            "eu/self",
            "is drifted: its items moved during each of 3 passes; 1 record read, how many are missing is not known",
            None,
        ),
        (
            {"walks": (walk(verdict="unproven", reason="the end of the list was not seen"),)},
            "eu/self",
            "is unproven: the end of the list was not seen; 1 record read, how many are missing is not known",
            None,
        ),
        ({"coverage": (SHORT,)}, "eu/self", "holds 2 of 5 declared records in no namespace walked", 2),
        (
            {"coverage": (UNKNOWN,)},
            "eu/thirdparty",
            "may hold records in no namespace walked: how many is not known",
            None,
        ),
        ({"shrinkage": (SHRANK,)}, "eu/self", "shrank from 3 000 to 1 record since snapshot night1", None),
        ({"walks": (walk(rejects=1),)}, "eu/self", "had 1 item that could not be read as records", 1),
    ],
)
def test_a_reason_is_a_sentence_about_its_place(
    fields: dict[str, Any], place: str, text: str, missing: int | None
) -> None:
    (one,) = shortfalls(msgspec.structs.replace(manifest(), **fields))
    assert (one.place, one.text, one.missing) == (place, text, missing)


def test_the_reasons_in_brief_are_a_few_words_for_each_kind() -> None:
    every = manifest(
        walk(),
        LOST,
        walk(rejects=2),
        coverage=(SHORT, UNKNOWN),
        shrinkage=(SHRANK, EMPTIED, EMPTIED),
        overlaps=(SAME,),
        targets=(ENDED, FAILED),
    )
    assert in_brief(shortfalls(every), every) == [
        "1 of 2 targets failed",
        "1 of 3 walks not proven",
        "2 items rejected",
        "2 or more records in no namespace walked",
        "1 center and 2 namespaces shrank",
        "1 target with the same repositories in both centers",
    ]
    short = manifest(coverage=(SHORT,))
    assert in_brief(shortfalls(short), short) == ["2 records in no namespace walked"]
    unknown = manifest(coverage=(UNKNOWN,))
    assert in_brief(shortfalls(unknown), unknown) == ["how much of 1 center was walked is not known"]
    assert in_brief([], unknown) == []
    assert counted_places([]) == ""


def test_the_reasons_do_not_depend_on_what_a_manifest_says_of_itself() -> None:
    drifted = manifest(walk(verdict="drifted"), status="complete")
    assert status_from(shortfalls(drifted)) == "incomplete"
    assert shortfalls(msgspec.structs.replace(manifest(), status="incomplete")) == []


@pytest.mark.parametrize(
    ("records", "has_success_marker", "status", "found"),
    [
        (1, True, "complete", []),
        (2, True, "complete", [("_manifest.json", "counts 1 record in its walks, the part files hold 2")]),
        (1, True, "incomplete", [("_manifest.json", "has the status incomplete, its walks say complete")]),
        (1, False, "complete", [("_SUCCESS", "is missing")]),
    ],
)
def test_a_snapshot_whose_parts_disagree_was_changed(
    records: int, status: str, found: list[tuple[str, str]], *, has_success_marker: bool
) -> None:
    held = manifest(status=status)
    assert list(contradictions(held, records=records, has_success_marker=has_success_marker)) == found


def test_a_success_marker_beside_walks_that_are_not_proven_is_a_contradiction() -> None:
    said = manifest(walk(verdict="drifted"), status="incomplete")
    assert list(contradictions(said, records=1, has_success_marker=False)) == []
    assert list(contradictions(said, records=1, has_success_marker=True)) == [
        ("_SUCCESS", "is there, but not all of it is proven")
    ]


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
