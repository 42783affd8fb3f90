"""The proof says less than the manifest only where the manifest says too much."""

from typing import Any

import pytest

from crawler.report.completeness import Completeness, asked, completeness, walks_columns
from crawler.report.table_data import listing
from crawler.snapshot.manifest import Coverage, Lost, Manifest, Requests
from tests.audit.examples import WALK, manifest, walk


def judged(
    found: Manifest, *, records: int | None = None, has_success_marker: bool | None = None, most: int = 9
) -> Completeness:
    return completeness(
        found,
        records=sum(walk.records for walk in found.walks) if records is None else records,
        has_success_marker=found.status == "complete" if has_success_marker is None else has_success_marker,
        most=most,
    )


_WINDOW = Lost(offset=5, end=8, got=0, reason="HTTP 500")
LOST = walk(verdict="partial", declared_totals=(10,), records=7, distinct=7, lost=(_WINDOW,))
UNPROVEN = walk(verdict="unproven", declared_totals=(), namespace="team")


def test_a_whole_snapshot_has_no_reason_to_doubt() -> None:
    found = judged(manifest())
    assert (found.whole, found.reasons, found.headline, found.doubtful) == (
        True,
        (),
        "1 of 1 declared records are here, each once",
        0,
    )


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (manifest(LOST, status="incomplete"), "3 declared records missing"),
        (manifest(LOST, status="incomplete"), "1 walk could not be read to the end (partial)"),
        (manifest(walk(verdict="drifted"), status="incomplete"), "never stood still"),
        (manifest(UNPROVEN, status="incomplete"), "no declared total"),
        (manifest(walk(rejects=2), status="incomplete"), "2 items could not be made records"),
        (
            manifest(status="incomplete", coverage=(Coverage(target="eu", center="self", declared=9, covered=5),)),
            "eu self: 4 records in namespaces nobody walked",
        ),
        (
            manifest(status="incomplete", coverage=(Coverage(target="eu", center="self", declared=None, covered=5),)),
            "eu self: nobody can know",
        ),
    ],
)
def test_whatever_is_missing_is_said(found: Manifest, words: str) -> None:
    told = judged(found)
    assert not told.whole
    assert any(words in reason for reason in told.reasons)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"records": 2}, "the parts hold 2 records, the walks say 1"),
        ({"has_success_marker": False}, "_SUCCESS is missing"),
    ],
)
def test_a_manifest_that_says_complete_is_not_believed_against_the_evidence(fields: dict[str, Any], words: str) -> None:
    told = judged(manifest(), **fields)
    assert not told.whole
    assert any(words in reason for reason in told.reasons)


def test_a_status_that_its_walks_contradict_is_not_believed() -> None:
    told = judged(manifest(LOST, status="complete"))
    assert "the manifest says complete, its walks say incomplete" in told.reasons


def test_partial_coverage_that_was_accepted_is_no_reason() -> None:
    coverage = (Coverage(target="eu", center="self", declared=9, covered=5),)
    told = judged(manifest(coverage=coverage, config={"allow_partial_coverage": True}))
    assert told.whole
    assert told.sums[0].uncovered == 4


def test_a_center_that_is_covered_is_no_reason() -> None:
    assert judged(manifest(coverage=(Coverage(target="eu", center="self", declared=5, covered=5),))).whole


def test_the_worst_walks_come_first_and_none_is_left_uncounted() -> None:
    told = judged(manifest(WALK, UNPROVEN, LOST, walk(rejects=1), status="incomplete"), most=2)
    assert [one.verdict for one in told.walks] == ["partial", "unproven", "complete", "complete"]
    assert [doubt.verdict for doubt in told.doubts] == ["partial", "unproven"]
    assert told.doubtful == 3
    assert "totals declared: 10; not read: 5 to 8 (HTTP 500)" in told.doubts[0].evidence


def test_what_nobody_can_know_is_none_and_not_nought() -> None:
    told = judged(manifest(WALK, UNPROVEN, status="incomplete"))
    assert (told.sums[0].declared, told.sums[0].missing) == (None, None)
    assert told.headline == "2 records are here; how many there should be is not known"
    assert told.sums[0].verdicts == "1 unproven, 1 complete"


def test_evidence_names_a_few_and_counts_the_rest() -> None:
    lost = tuple(Lost(offset=at, end=None, got=0, reason="x") for at in range(5))
    told = judged(manifest(walk(verdict="partial", lost=lost, rejects=1), status="incomplete"))
    assert "2 to the end (x), and 2 more; 1 rejected" in told.doubts[0].evidence


def test_every_walk_is_a_row_with_its_verdict() -> None:
    data = listing(walks_columns(targets=True), [WALK, UNPROVEN], total=2)
    assert b'"words":["all namespaces","team"]' in data
    assert len(walks_columns(targets=False)) == len(walks_columns(targets=True)) - 1


def test_what_was_asked_of_the_service_is_said() -> None:
    requests = Requests(by_status={"200": 3, "429": 1}, retries=1, throttled_s=2.0)
    assert asked(manifest(requests=requests)) == "4 requests, 1 retry, held back by the service for 2 s"
    assert asked(manifest()) == "0 requests"
