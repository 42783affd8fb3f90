"""Laws of the highlights: all findings and changes are counted, the first ones are shown."""

from collections.abc import Mapping

import msgspec
import pytest

from crawler.audit.finding import Finding
from crawler.audit.finding_counts import FindingCounts
from crawler.diff.change import Change
from crawler.diff.compare import Comparison
from crawler.report.highlights import ChangeCollector, ChangeHighlights, finding_groups
from tests.audit.examples import finding as sound
from tests.audit.examples import manifest, record, walk


def finding(rule: str, severity: str, **place: str | None) -> Finding:
    fields = {"target": "eu", "center": "self", "domain_name": "acme", "namespace": "team", "name": "app", **place}
    return msgspec.structs.replace(sound(rule, message="because\u202e"), severity=severity, **fields)


Fields = Mapping[str, object]


def compared(*pairs: tuple[Fields | None, Fields | None], most: int = 5) -> ChangeHighlights:
    comparison, collector = Comparison(manifest(), manifest()), ChangeCollector(most)
    for left, right in pairs:
        change = comparison.add(None if left is None else record(**left), None if right is None else record(**right))
        if change is not None:
            collector.add(change)
    return collector.highlights(comparison.summary(), comparison.unknown(), "2026-11-22T00:00:00.000000Z")


def test_findings_are_all_counted_and_the_most_severe_come_first() -> None:
    findings = FindingCounts(2)
    for number in range(5):
        findings.add(finding("SWR205", "note", name=f"n{number}"))
    findings.add(finding("SWR101", "error"))
    assert [(found.rule.id, found.number, len(found.examples)) for found in finding_groups(findings)] == [
        ("SWR101", 1, 1),
        ("SWR205", 5, 2),
    ]
    assert findings.by_severity() == {"error": 1, "warning": 0, "note": 5}
    assert finding_groups(findings)[0].examples == (("team/app", "because\\u202e"),)


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ({"name": None}, "team"),
        ({"name": None, "namespace": None}, "acme"),
        ({"name": None, "namespace": None, "domain_name": None}, "self"),
        (dict.fromkeys(("name", "namespace", "domain_name", "center", "target")), ""),
    ],
)
def test_a_finding_is_located_by_as_much_as_is_known(place: dict[str, None], text: str) -> None:
    findings = FindingCounts(1)
    findings.add(finding("SWR101", "error", **place))
    assert finding_groups(findings)[0].examples[0][0] == text


def test_a_change_is_described_as_the_diff_describes_it() -> None:
    (line,) = compared(({"size": 0, "tags": ["a"]}, {"size": 10**9, "tags": ["b\x1b"]})).changed
    assert line.text == "size 0 bytes -> 1.0 GB; tags +b\\u001b -a"


def test_added_and_removed_repositories_have_their_size() -> None:
    changes = compared((None, {"name": "new", "size": 5}), ({"name": "old", "size": None, "num_images": None}, None))
    assert [(line.name, line.text) for line in changes.added] == [("new", "5 bytes, 2 tags")]
    assert [(line.name, line.text) for line in changes.removed] == [("old", "2 tags")]


def test_the_largest_growth_comes_first_and_unknown_sizes_and_shrinking_do_not_count() -> None:
    growth: list[tuple[int | None, int]] = [(5, 3), (0, 20), (0, 10), (7, 7), (0, 30), (None, 40)]
    pairs = [({"name": f"n{new}", "size": old}, {"name": f"n{new}", "size": new}) for old, new in growth]
    assert [line.text for line in compared(*pairs, most=2).grown] == ["+30 bytes", "+20 bytes"]


def test_examples_are_few_and_counts_are_not() -> None:
    changes = compared(*((None, {"name": f"n{number}"}) for number in range(9)), most=3)
    assert (len(changes.added), changes.summary.added) == (3, 9)
    assert changes.downloads.records == 0


def test_a_change_without_fields_has_not_grown() -> None:
    collector = ChangeCollector(1)
    collector.add(Change(change="changed", target="eu", center="self", domain_name=None, namespace="n", name="x"))
    comparison = Comparison(manifest(), manifest())
    assert collector.highlights(comparison.summary(), (), "").grown == ()


def test_unknown_changes_have_their_reasons() -> None:
    doubtful = manifest(walk(verdict="unproven"))
    comparison, collector = Comparison(doubtful, manifest()), ChangeCollector(3)
    assert comparison.add(None, record(name="new")) is None
    changes = collector.highlights(comparison.summary(), comparison.unknown(), "")
    assert changes.unknown_count == 1
    assert changes.unknown[0][0] == "eu/self/*"
    assert "old: the center is unproven: the service declared no reliable total" in changes.unknown[0][1]
    assert changes.unknown[0][1].endswith("Only in old: 0, only in new: 1")
