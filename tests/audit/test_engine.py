"""Laws of an audit of a real snapshot: everything judged once, in one order, and never more certain than the bytes."""

import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import msgspec
import pytest

from crawler.audit.engine import Audit
from crawler.audit.finding import Finding
from crawler.config.audit_policy import Policy, Suppression
from crawler.emulator.faults.registry import parse_fault
from crawler.errors import IncompleteError
from crawler.snapshot.manifest import from_json, to_json
from crawler.snapshot.reader import open_snapshot
from tests.audit.examples import item, publish

UNPROVEN = (parse_fault("missing-total:in_items=true,in_header=true"),)
LONG = date(9999, 1, 1)


def audit(folder: Path, policy: Policy | None = None, previous: Path | None = None) -> tuple[list[Finding], Audit]:
    before = None if previous is None else open_snapshot(previous)
    audited = Audit(open_snapshot(folder), policy or Policy(), previous=before)
    return list(audited.findings()), audited


def told(findings: list[Finding]) -> list[tuple[str, str | None]]:
    return [(one.rule, one.name) for one in findings]


def suppression(rule: str, expires: date = LONG, **patterns: str) -> Suppression:
    return Suppression(rule=rule, reason="kept", expires=expires, **patterns)


def rewrite(folder: Path, **fields: object) -> None:
    path = folder / "_manifest.json"
    path.write_bytes(to_json(msgspec.structs.replace(from_json(path.read_bytes()), **fields)))


def test_findings_come_in_the_order_of_the_parts_with_file_and_line(tmp_path: Path) -> None:
    folder = publish(
        tmp_path,
        item("a", is_public=True, description=""),
        item("b"),
        item("c", tags=[], num_images=0),
        item("a", center="thirdparty", domain_name="globex", status=False),
    )
    findings, audited = audit(folder)
    assert told(findings) == [("SWR101", "a"), ("SWR205", "a"), ("SWR202", "c"), ("SWR102", "a")]
    for one in findings:
        line = (folder / one.file).read_bytes().splitlines()[one.line - 1]
        assert msgspec.json.decode(line)["name"] == one.name
        assert f"center={one.center}/" in one.file
    assert (audited.records, audited.suppressed, audited.notices, audited.incomplete) == (4, 0, (), False)


def test_ages_are_counted_to_the_end_of_the_crawl(tmp_path: Path) -> None:
    folder = publish(tmp_path, item(updated_at="2025-01-01T00:00:00Z"))
    rewrite(folder, finished_at="2026-01-01T00:00:00.000000Z")
    assert told(audit(folder, Policy(max_age_days=365))[0]) == []
    rewrite(folder, finished_at="2026-01-01T01:00:00.000001+01:00")
    assert told(audit(folder, Policy(max_age_days=365))[0]) == [("SWR201", "app")]


@pytest.fixture
def _tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Live nine hours east of Greenwich."""
    monkeypatch.setenv("TZ", "JST-9")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("_tokyo")
def test_a_moment_without_an_offset_is_utc_in_every_time_zone(tmp_path: Path) -> None:
    folder = publish(tmp_path, item(updated_at="2025-01-01T00:00:00Z"))
    rewrite(folder, finished_at="2026-01-01T00:00:00.000001")
    assert told(audit(folder, Policy(max_age_days=365))[0]) == [("SWR201", "app")]


def test_an_incomplete_snapshot_is_the_first_finding_and_cannot_be_suppressed(tmp_path: Path) -> None:
    folder = publish(tmp_path, item(is_public=True), faults=UNPROVEN, centers="self")
    silent = Policy(disabled_rules=("SWR001", "SWR002"), suppressions=(suppression("SWR001"), suppression("SWR201")))
    findings, audited = audit(folder, silent)
    assert told(findings) == [("SWR001", None), ("SWR101", "app")]
    assert audited.incomplete
    assert told(audit(folder)[0]) == [("SWR001", None), ("SWR002", None), ("SWR101", "app")]


def test_an_interrupted_copy_without_the_success_marker_is_incomplete(tmp_path: Path) -> None:
    folder = publish(tmp_path, item())
    (folder / "_SUCCESS").unlink()
    findings, audited = audit(folder)
    assert told(findings) == [("SWR001", None)]
    assert audited.incomplete


def test_fingerprints_stay_when_records_move_and_numbers_change(tmp_path: Path) -> None:
    one = publish(tmp_path / "1", item(size=10**12))
    two = publish(tmp_path / "2", item("aaa"), item(size=10**13), faults=UNPROVEN)
    prints = [{f.fingerprint: f.line for f in audit(folder)[0] if f.rule == "SWR206"} for folder in (one, two)]
    assert prints[0].keys() == prints[1].keys()
    assert prints[0] != prints[1]


def test_suppressed_findings_are_counted(tmp_path: Path) -> None:
    folder = publish(tmp_path, item("a", description=""), item("b", description=""))
    findings, audited = audit(folder, Policy(suppressions=(suppression("SWR205", name="a"),)))
    assert told(findings) == [("SWR205", "b")]
    assert audited.suppressed == 1


def test_an_expired_suppression_suppresses_nothing_and_is_a_finding(tmp_path: Path) -> None:
    folder = publish(tmp_path, item(description=""))
    ended = suppression("SWR205", date(2020, 1, 1), name="a*")
    findings, audited = audit(folder, Policy(suppressions=(ended,)))
    assert told(findings) == [("SWR205", "app"), ("SWR901", None)]
    assert findings[1].message == "has a suppression that expired on 2020-01-01: SWR205 name=a* (kept)"
    assert findings[1].evidence == {"suppression": "SWR205 name=a*", "reason": "kept", "expires": "2020-01-01"}
    assert audited.suppressed == 0


def test_a_suppression_that_matches_nothing_is_a_note_unless_it_could_not_match(tmp_path: Path) -> None:
    folder = publish(tmp_path / "1", item())
    policy = Policy(suppressions=(suppression("SWR205"), suppression("SWR301")))
    assert [(one.rule, one.evidence["suppression"]) for one in audit(folder, policy)[0]] == [("SWR902", "SWR205")]
    assert [one.evidence["suppression"] for one in audit(folder, policy, folder)[0]] == ["SWR205", "SWR301"]
    torn = publish(tmp_path / "2", item(), faults=UNPROVEN, centers="self")
    assert told(audit(torn, policy)[0]) == [("SWR001", None), ("SWR002", None)]
    assert told(audit(folder, Policy(disabled_rules=("SWR902",), suppressions=policy.suppressions))[0]) == []


def test_of_two_suppressions_that_match_none_is_called_unused_and_the_finding_counts_once(tmp_path: Path) -> None:
    folder = publish(tmp_path, item("a", description=""))
    policy = Policy(suppressions=(suppression("SWR205"), suppression("SWR205", name="a")))
    findings, audited = audit(folder, policy)
    assert (told(findings), audited.suppressed) == ([], 1)


def test_growth_comes_after_the_records(tmp_path: Path) -> None:
    old = publish(tmp_path, item("a"), snapshot="1")
    new = publish(tmp_path, *(item(f"a{number:02}", description="") for number in range(30)), snapshot="2")
    policy = Policy(min_growth_records=10)
    findings, audited = audit(new, policy, old)
    assert [one.rule for one in findings] == ["SWR205"] * 30 + ["SWR301"] * 2
    assert [one.namespace for one in findings[30:]] == [None, "team"]
    assert {one.file for one in findings[30:]} == {"_manifest.json"}
    assert audited.notices == ()
    assert "SWR301" not in dict(told(audit(new, policy)[0]))


def test_growth_that_was_not_judged_is_a_notice(tmp_path: Path) -> None:
    new = publish(tmp_path, item("a"), snapshot="2")
    old = publish(tmp_path, item("a"), snapshot="1", faults=UNPROVEN)
    _, audited = audit(new, Policy(), old)
    where = "centers that the two snapshots read differently or not completely"
    assert audited.notices == (
        f"growth and shrinkage were not judged in {where}: default/self",
        "the earlier snapshot, 1, was not started before 2: what looks new is old",
    )


def test_of_many_centers_whose_growth_was_not_judged_some_are_named(tmp_path: Path) -> None:
    folder = publish(tmp_path, item("a"))
    walks = from_json((folder / "_manifest.json").read_bytes()).walks
    many = tuple(msgspec.structs.replace(walks[0], target=f"t{number}", verdict="drifted") for number in range(6))
    rewrite(folder, walks=(*walks, *many))
    _, audited = audit(folder, Policy(), folder)
    assert audited.notices[0].endswith(": t0/self, t1/self, t2/self, t3/self, t4/self, …")


@pytest.mark.parametrize("which", ["center=self/part-00000.ndjson", "_rejects.ndjson"])
def test_a_changed_byte_is_no_audit(tmp_path: Path, which: str) -> None:
    folder = publish(tmp_path, item("a"), item("b"))
    path = folder / which
    path.write_bytes(path.read_bytes().replace(b'"name":"a"', b'"name":"x"') or b"{}\n")
    with pytest.raises(IncompleteError, match="differs from the manifest"):
        audit(folder)
    whole = publish(tmp_path, item("a"), snapshot="whole")
    if "self" in which:
        with pytest.raises(IncompleteError, match="differs from the manifest"):
            audit(whole, previous=folder)


@pytest.mark.parametrize("moment", ["", "yesterday", "2026-02-30T00:00:00Z", "0001-01-01T00:00:00+23:59", "x" * 999])
def test_a_manifest_without_a_moment_of_its_end_is_damaged(tmp_path: Path, moment: str) -> None:
    folder = publish(tmp_path, item("a"))
    rewrite(folder, finished_at=moment)
    with pytest.raises(IncompleteError, match="finished_at is no moment") as caught:
        audit(folder)
    assert len(str(caught.value)) < 300
