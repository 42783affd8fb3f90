"""Laws of the report's first section: it judges a manifest anew and names every reason against it."""

from typing import Any

import msgspec
import pytest

from crawler.report.completeness import Completeness, completeness, requests_text, walks_columns
from crawler.report.table_data import encode_table
from crawler.snapshot.manifest import Coverage, Lost, Manifest, Overlap, Requests, Shrinkage, TargetEntry
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
SHRANK = Shrinkage(target="eu", center="self", namespace=None, before=3000, now=0, snapshot="night1")
FAILED = tuple(
    TargetEntry(name=f"t{number}", state="failed", planned=3, published=1, kind="unavailable", reason="no answer")
    for number in range(20)
)
UNPROVEN = walk(verdict="unproven", declared_totals=(), namespace="team")


def test_a_complete_snapshot_has_no_reason_against_it() -> None:
    found = judged(manifest())
    assert (found.complete, found.reasons, found.headline, found.unproven_count) == (
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
        (manifest(walk(verdict="drifted"), status="incomplete"), "kept changing while it was read (drifted)"),
        (manifest(UNPROVEN, status="incomplete"), "could not be compared with a reliable total (unproven)"),
        (manifest(walk(rejects=2), status="incomplete"), "2 items could not be read as records"),
        (
            manifest(status="incomplete", coverage=(Coverage(target="eu", center="self", declared=9, covered=5),)),
            "eu/self holds 4 of 9 declared records in no namespace walked",
        ),
        (
            manifest(status="incomplete", coverage=(Coverage(target="eu", center="self", declared=None, covered=5),)),
            "eu/self may hold records in no namespace walked: how many is not known",
        ),
        (
            manifest(status="incomplete", targets=FAILED),
            "t0 stopped with 1 of 3 walks published: no answer",
        ),
        (manifest(status="incomplete", targets=FAILED), "likewise 17 targets more; the manifest lists them"),
        (
            manifest(status="incomplete", shrinkage=(SHRANK,)),
            "eu/self shrank from 3 000 to 0 records since snapshot night1",
        ),
        (
            manifest(status="incomplete", overlaps=(Overlap(target="eu", compared=64, in_both=63),)),
            "eu has 63 of 64 repositories compared in both centers, as if the service, or a cache before it, ",
        ),
    ],
)
def test_every_kind_of_gap_is_a_reason(found: Manifest, words: str) -> None:
    judgement = judged(found)
    assert not judgement.complete
    assert any(words in reason for reason in judgement.reasons)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"records": 2}, "_manifest.json counts 1 record in its walks, the part files hold 2"),
        ({"has_success_marker": False}, "_SUCCESS is missing"),
    ],
)
def test_the_evidence_overrules_a_manifest_that_says_complete(fields: dict[str, Any], words: str) -> None:
    judgement = judged(manifest(), **fields)
    assert not judgement.complete
    assert any(words in reason for reason in judgement.reasons)


def test_a_status_that_its_walks_contradict_is_a_reason() -> None:
    judgement = judged(manifest(LOST, status="complete"))
    assert "_manifest.json has the status complete, its walks say incomplete" in judgement.reasons


def test_partial_coverage_that_was_accepted_is_no_reason() -> None:
    coverage = (Coverage(target="eu", center="self", declared=9, covered=5),)
    judgement = judged(manifest(coverage=coverage, config={"allow_partial_coverage": True}))
    assert judgement.complete
    assert judgement.centers[0].uncovered == 4


def test_shrinkage_that_was_accepted_is_no_reason() -> None:
    assert judged(manifest(shrinkage=(SHRANK,), config={"allow_shrink": True})).complete


def test_of_many_places_that_shrank_three_are_named_and_the_rest_counted() -> None:
    names = (None, "a", "b", "c", "d")
    many = tuple(msgspec.structs.replace(SHRANK, namespace=name) for name in names)
    reasons = judged(manifest(status="incomplete", shrinkage=many)).reasons
    assert [reason.split(" shrank")[0] for reason in reasons] == [
        "eu/self",
        "eu/self/a",
        "eu/self/b",
        "likewise 2 namespaces more; the manifest lists them",
    ]


def test_a_center_that_is_covered_is_no_reason() -> None:
    assert judged(manifest(coverage=(Coverage(target="eu", center="self", declared=5, covered=5),))).complete


def test_the_worst_walks_come_first_and_none_is_left_uncounted() -> None:
    judgement = judged(manifest(WALK, UNPROVEN, LOST, walk(rejects=1), status="incomplete"), most=2)
    assert [one.verdict for one in judgement.walks] == ["partial", "unproven", "complete", "complete"]
    assert [one.verdict for one in judgement.unproven] == ["partial", "unproven"]
    assert judgement.unproven_count == 3
    assert "declared 10, 7 distinct; items 5 to 7: HTTP 500" in judgement.unproven[0].evidence


def test_an_unknown_number_is_none_and_not_zero() -> None:
    judgement = judged(manifest(WALK, UNPROVEN, status="incomplete"))
    assert (judgement.centers[0].declared, judgement.centers[0].missing) == (None, None)
    assert judgement.headline == "2 records are here; how many there should be is not known"
    assert judgement.centers[0].verdicts == "1 unproven, 1 complete"


def test_evidence_names_a_few_and_counts_the_rest() -> None:
    lost = tuple(Lost(offset=at, end=None, got=0, reason="x") for at in range(5))
    judgement = judged(manifest(walk(verdict="partial", lost=lost, rejects=1), status="incomplete"))
    assert "from item 2 on: x; and 2 more windows; 1 rejected" in judgement.unproven[0].evidence


def test_every_walk_is_a_row_with_its_verdict() -> None:
    data = encode_table(walks_columns(targets=True), [WALK, UNPROVEN], total=2)
    assert b'"words":["all namespaces","team"]' in data
    assert len(walks_columns(targets=False)) == len(walks_columns(targets=True)) - 1


def test_the_requests_of_the_run_are_in_the_report() -> None:
    requests = Requests(by_status={"200": 3, "429": 1}, retries=1, throttled_s=2.0)
    assert requests_text(manifest(requests=requests)) == "4 requests, 1 retry, throttled by the service for 2 s"
    assert requests_text(manifest()) == "0 requests"


def test_values_that_could_not_be_read_are_a_note_and_no_reason() -> None:
    judgement = judged(manifest(walk(invalid=1, invalid_fields=("size",)), WALK))
    assert judgement.complete
    assert judgement.notes == ("1 record holds a value that could not be read, kept under invalid: size",)
    assert judged(manifest()).notes == ()
