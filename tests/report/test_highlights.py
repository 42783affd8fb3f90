"""Findings and changes are counted whole and shown in part."""

from collections.abc import Mapping

import msgspec
import pytest

from crawler.audit.finding import Finding
from crawler.diff.compare import Change, Comparison
from crawler.report.highlights import Changes, ChangesSoFar, Findings
from tests.audit.examples import finding as sound
from tests.audit.examples import manifest, record, walk


def finding(rule: str, severity: str, **place: str | None) -> Finding:
    fields = {"target": "eu", "center": "self", "domain_name": "acme", "namespace": "team", "name": "app", **place}
    return msgspec.structs.replace(sound(rule, message="because\u202e"), severity=severity, **fields)


Fields = Mapping[str, object]


def compared(*pairs: tuple[Fields | None, Fields | None], most: int = 5) -> Changes:
    comparison, so_far = Comparison(manifest(), manifest()), ChangesSoFar(most)
    for left, right in pairs:
        change = comparison.take(None if left is None else record(**left), None if right is None else record(**right))
        if change is not None:
            so_far.add(change)
    return so_far.changes(comparison.summary(), comparison.unknown(), "2026-11-22T00:00:00.000000Z")


def test_findings_are_all_counted_and_the_most_severe_come_first() -> None:
    findings = Findings(most=2)
    for number in range(5):
        findings.add(finding("SWR205", "note", name=f"n{number}"))
    findings.add(finding("SWR101", "error"))
    assert [(found.rule.id, found.number, len(found.examples)) for found in findings.found()] == [
        ("SWR101", 1, 1),
        ("SWR205", 5, 2),
    ]
    assert findings.by_severity() == [("error", 1), ("warning", 0), ("note", 5)]
    assert findings.found()[0].examples == (("team/app", "because\\u202e"),)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ({"name": None}, "team"),
        ({"name": None, "namespace": None}, "acme"),
        ({"name": None, "namespace": None, "domain_name": None}, "self"),
        (dict.fromkeys(("name", "namespace", "domain_name", "center", "target")), ""),
    ],
)
def test_a_finding_is_placed_by_as_much_as_there_is(place: dict[str, None], said: str) -> None:
    findings = Findings(most=1)
    findings.add(finding("SWR101", "error", **place))
    assert findings.found()[0].examples[0][0] == said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ({"size": 0}, {"size": 10**9}, "size 0 bytes → 1.0 GB"),
        ({"size": None}, {"size": 5}, "size none → 5 bytes"),
        ({"is_public": False}, {"is_public": True}, "is_public no → yes"),
        ({"num_images": 1}, {"num_images": 2000}, "num_images 1 → 2 000"),
        ({"description": "a"}, {"description": "b\x1b"}, "description “a” → “b\\u001b”"),
        ({"size": 5_000_000_000}, {"size": 5_010_000_000}, "size 5 000 000 000 → 5 010 000 000"),
        ({"description": "x" * 99 + "a"}, {"description": "x" * 99 + "b"}, "description differs"),
        (
            {"updated_at": "2026-11-01T00:00:01.000000Z"},
            {"updated_at": "2026-11-01T00:00:02.000000Z"},
            "updated_at “2026-11-01T00:00:01.000000Z” → “2026-11-01T00:00:02.000000Z”",
        ),
        ({"tags": ["a", "b"]}, {"tags": ["b", "c"]}, "tags +c -a"),
        ({"tags": ["a", "b"]}, {"tags": ["b", "a"]}, "tags in another order"),
        ({"extra": {"x": [1]}}, {"extra": {"x": {}}}, "extra.x “[1]” → “{}”"),
        (
            {"updated_at": "2026-11-01T00:00:00.000000Z"},
            {"updated_at": "2026-11-02T03:04:05.000000Z"},
            "updated_at 2026-11-01 00:00 → 2026-11-02 03:04",
        ),
    ],
)
def test_a_change_is_told_in_words(old: dict[str, object], new: dict[str, object], said: str) -> None:
    assert [told.text for told in compared((old, new)).changed] == [said]


def test_what_came_and_went_is_told_with_its_size() -> None:
    changes = compared((None, {"name": "new", "size": 5}), ({"name": "old", "size": None, "num_images": None}, None))
    assert [(told.name, told.text) for told in changes.added] == [("new", "5 bytes, 2 images")]
    assert [(told.name, told.text) for told in changes.removed] == [("old", "size not told")]


def test_what_grew_most_comes_first_and_what_shrank_or_was_not_told_not_at_all() -> None:
    growth: list[tuple[int | None, int]] = [(5, 3), (0, 20), (0, 10), (7, 7), (0, 30), (None, 40)]
    pairs = [({"name": f"n{new}", "size": old}, {"name": f"n{new}", "size": new}) for old, new in growth]
    assert [told.text for told in compared(*pairs, most=2).grown] == ["+30 bytes", "+20 bytes"]


def test_examples_are_few_and_counts_are_not() -> None:
    changes = compared(*((None, {"name": f"n{number}"}) for number in range(9)), most=3)
    assert (len(changes.added), changes.summary.added) == (3, 9)
    assert changes.downloads.records == 0


def test_growth_of_what_has_no_fields_is_none() -> None:
    so_far = ChangesSoFar(1)
    so_far.add(Change(change="changed", target="eu", center="self", domain_name=None, namespace="n", name="x"))
    comparison = Comparison(manifest(), manifest())
    assert so_far.changes(comparison.summary(), (), "").grown == ()


def test_what_nobody_can_know_is_told_with_the_reason() -> None:
    doubtful = manifest(walk(verdict="unproven"))
    comparison, so_far = Comparison(doubtful, manifest()), ChangesSoFar(3)
    assert comparison.take(None, record(name="new")) is None
    changes = so_far.changes(comparison.summary(), comparison.unknown(), "")
    assert changes.unknowns == 1
    assert changes.unknown[0][0] == "eu self all namespaces"
    assert "before: the service declared no total" in changes.unknown[0][1]
    assert changes.unknown[0][1].endswith("Only before: 0, only now: 1")
