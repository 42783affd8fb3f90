"""Laws of the rules: each finds the smallest example beyond its bound, and nothing at the bound."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from crawler.audit.engine import Audit
from crawler.audit.finding import Location
from crawler.audit.manifest_rules import is_incomplete, observe
from crawler.audit.record_rules import compile_policy, domain, rules_of
from crawler.audit.rule import Observation
from crawler.config.audit_policy import Policy
from crawler.model.record import Record
from crawler.snapshot.manifest import Coverage, Overlap, Shrinkage, TargetEntry
from crawler.snapshot.reader import open_snapshot
from tests.audit.examples import COMPLETE, RECORDS, item, manifest, publish, record, walk

NOW = datetime(2026, 11, 23, 12, 1, tzinfo=UTC)
STRICT = Policy(
    allowed_domains=("acme", "partner-*"),
    allowed_namespaces=("team*",),
    allowed_categories=("other",),
    max_age_days=30,
    max_size_bytes=1000,
)
STRICT_BOUNDS = compile_policy(STRICT, NOW)


def found(record: Record, policy: Policy = STRICT) -> list[str]:
    bounds = compile_policy(policy, NOW)
    return [rule.id for rule, check, _ in rules_of(policy) if check(record, bounds) is not None]


@pytest.mark.parametrize("policy", [Policy(), STRICT])
def test_a_sound_record_has_no_finding(policy: Policy) -> None:
    assert found(record(), policy) == []


@pytest.mark.parametrize(
    ("rule", "at_the_bound", "beyond"),
    [
        ("SWR101", {"is_public": None}, {"is_public": True}),
        ("SWR102", {"center": "thirdparty", "status": True}, {"center": "thirdparty", "status": False}),
        ("SWR102", {"center": "thirdparty", "status": None}, {"center": "thirdparty", "status": False}),
        ("SWR102", {"center": "self", "status": False}, {"center": "thirdparty", "status": False}),
        ("SWR103", {"domain_name": "partner-1"}, {"domain_name": "partner"}),
        ("SWR103", {"domain_name": "acme"}, {"domain_name": "Acme"}),
        ("SWR103", {"domain_name": "acme"}, {"domain_name": None}),
        ("SWR103", {"domain_name": "acme"}, {"domain_name": "acme\n"}),
        ("SWR104", {"namespace": "team"}, {"namespace": "a-team"}),
        ("SWR105", {"category": "other"}, {"category": "others"}),
        ("SWR105", {"category": "other"}, {"category": None}),
        ("SWR201", {"updated_at": "2026-10-24T12:01:00.000000Z"}, {"updated_at": "2026-10-24T12:00:59.999999Z"}),
        ("SWR201", {"updated_at": None}, {"updated_at": "0001-01-01T00:00:00.000000Z"}),
        ("SWR202", {"tags": ["v1"], "num_images": 1}, {"tags": [], "num_images": 0}),
        ("SWR202", {"tags": ["v1"], "num_images": None}, {"tags": [], "num_images": None}),
        ("SWR203", {"num_images": 2}, {"num_images": 3}),
        ("SWR203", {"tags": [], "num_images": None}, {"tags": [], "num_images": 1}),
        ("SWR204", {"tags": ["v1"], "num_images": 1}, {"tags": ["latest"], "num_images": 1}),
        ("SWR205", {"description": "x"}, {"description": ""}),
        ("SWR205", {"description": "x"}, {"description": None}),
        ("SWR205", {"description": "x"}, {"description": " \n\u2003"}),
        ("SWR206", {"size": 1000}, {"size": 1001}),
        ("SWR206", {"size": None}, {"size": 2**63 - 1}),
    ],
)
def test_a_rule_finds_what_is_beyond_its_bound_and_nothing_at_it(
    rule: str, at_the_bound: dict[str, object], beyond: dict[str, object]
) -> None:
    assert rule not in found(record(**at_the_bound))
    assert found(record(**beyond)) == [rule]


@pytest.mark.parametrize(
    ("setting", "fields"),
    [
        ("max_age_days", {"updated_at": "1000-01-01T00:00:00.000000Z"}),
        ("max_size_bytes", {"size": 2**63 - 1}),
        ("allowed_domains", {"domain_name": "anybody"}),
        ("allowed_namespaces", {"namespace": "anywhere"}),
        ("allowed_categories", {"category": "anything"}),
    ],
)
def test_without_a_bound_its_rule_finds_nothing(setting: str, fields: dict[str, object]) -> None:
    unbounded = Policy(max_age_days=None, max_size_bytes=None)
    assert found(record(**fields), unbounded) == []
    assert len(found(record(**fields), replace(unbounded, **{setting: getattr(STRICT, setting)}))) == 1


def test_a_disabled_rule_finds_nothing() -> None:
    bare = record(description=None, tags=[], num_images=0)
    assert found(bare) == ["SWR202", "SWR205"]
    assert found(bare, replace(STRICT, disabled_rules=("SWR202",))) == ["SWR205"]


def test_ages_before_the_first_year_are_no_ages() -> None:
    assert compile_policy(Policy(max_age_days=36500), datetime(50, 1, 1, tzinfo=UTC)).oldest == ""
    assert compile_policy(Policy(max_age_days=1), datetime(1, 1, 2, tzinfo=UTC)).oldest == "0001-01-01T00:00:00.000000Z"


@given(RECORDS)
def test_no_record_is_too_strange_for_a_rule(strange: Record) -> None:
    for rule, check, _ in rules_of(STRICT):
        fact = check(strange, STRICT_BOUNDS)
        if fact is not None:
            assert fact.message[0].islower()
            assert fact.evidence, rule


def test_a_message_has_the_numbers() -> None:
    old = record(updated_at="2021-06-10T07:24:35.204517Z", size=5_000_000_000, num_images=1200)
    facts = {rule.id: check(old, STRICT_BOUNDS) for rule, check, _ in rules_of(STRICT)}
    assert [fact.message for fact in facts.values() if fact] == [
        "was last updated on 2021-06-10, more than 30 days before the crawl",
        "lists 2 tags, but num_images is 1 200",
        "takes 5.0 GB, more than 1.0 kB",
    ]
    assert facts["SWR206"]
    assert facts["SWR206"].evidence == {"size": 5_000_000_000, "max_size_bytes": 1000}


def test_the_account_that_shares_is_told_apart_from_the_one_you_share_under() -> None:
    theirs = domain(record(center="thirdparty", domain_name="x" * 100), STRICT_BOUNDS)
    ours = domain(record(domain_name=None), STRICT_BOUNDS)
    assert theirs
    assert ours
    assert theirs.message == f"is shared with you by {'x' * 79}…, which is not allowed"
    assert ours.message == "is shared by you under no domain, which is not allowed"


# --- manifests ----------------------------------------------------------------------------------------

GAP = Coverage(target="eu", center="self", declared=5, covered=3)
SHRANK = Shrinkage(target="eu", center="self", namespace="team", before=3000, now=0, snapshot="night1")


def test_a_complete_manifest_has_no_finding() -> None:
    assert not is_incomplete(COMPLETE, has_success_marker=True)
    assert list(observe(COMPLETE, has_success_marker=True)) == []


def test_an_incomplete_snapshot_comes_before_the_reasons() -> None:
    lost = walk(verdict="unproven", namespace="team", declared_totals=())
    found = list(
        observe(manifest(walk(), lost, walk(rejects=2), status="incomplete", coverage=(GAP,)), has_success_marker=False)
    )
    assert [one.rule.id for one in found] == ["SWR001", "SWR002", "SWR003", "SWR004"]
    assert [one.location for one in found] == [
        Location(),
        Location("eu", "self", None, "team"),
        Location("eu", "self"),
        Location("eu", "self"),
    ]
    assert [one.violation.message for one in found] == [
        "is incomplete: 1 of 3 walks not proven, 2 items rejected, 2 records in no namespace walked",
        "is unproven: the service declared no reliable total; 1 record read, how many are missing is not known",
        "holds 2 of 5 declared records in no namespace walked",
        "had 2 items that could not be read as records",
    ]


def test_a_partial_walk_says_how_many_records_are_missing() -> None:
    lost = walk(verdict="partial", declared_totals=(9,), distinct=4, records=4)
    (_, one) = observe(manifest(lost, status="incomplete"), has_success_marker=False)
    assert one.violation.message == "is partial: 0 windows not read; 4 records read, 5 missing"
    assert one.violation.evidence == {"verdict": "partial", "records": 4, "declared": 9, "missing": 5}


@pytest.mark.parametrize("status", ["complete", "incomplete"])
def test_a_snapshot_is_incomplete_when_its_status_or_its_walks_say_so(status: str) -> None:
    assert is_incomplete(manifest(walk(verdict="drifted"), status=status), has_success_marker=True)
    assert is_incomplete(manifest(walk(rejects=1), status=status), has_success_marker=True)
    assert is_incomplete(manifest(walk(), status=status, coverage=(GAP,)), has_success_marker=True)


def test_a_snapshot_without_its_success_marker_is_incomplete_whatever_its_manifest_says() -> None:
    (said,) = observe(manifest(walk(), status="incomplete"), has_success_marker=False)
    (silent,) = observe(COMPLETE, has_success_marker=False)
    contradicted = "_manifest.json has the status incomplete, its walks say complete; _SUCCESS is missing"
    assert said.violation.message == f"is incomplete: {contradicted}"
    assert silent.violation.message == "is incomplete: _SUCCESS is missing"


def test_walks_and_parts_that_do_not_add_up_are_incomplete() -> None:
    (one,) = observe(manifest(walk(records=5), files=()), has_success_marker=True)
    assert one.violation.message == "is incomplete: _manifest.json counts 5 records in its walks, the part files hold 0"
    assert one.violation.evidence == {"status": "complete", "has_success_marker": True}


def test_centers_that_hold_the_same_are_a_finding_of_their_target() -> None:
    overlap = Overlap(target="eu", compared=64, in_both=63)
    (whole, one) = observe(manifest(walk(), status="incomplete", overlaps=(overlap,)), has_success_marker=False)
    assert whole.violation.message == "is incomplete: 1 target with the same repositories in both centers"
    assert (one.rule.id, one.location) == ("SWR007", Location("eu"))
    assert one.violation.message.startswith("has 63 of 64 repositories compared in both centers, as if the service, ")
    assert one.violation.evidence == {"compared": 64, "in_both": 63}
    assert is_incomplete(manifest(walk(), overlaps=(overlap,)), has_success_marker=True)


def test_partial_coverage_that_was_accepted_is_no_finding() -> None:
    partial = manifest(walk(), coverage=(GAP,), config={"allow_partial_coverage": True})
    assert list(observe(partial, has_success_marker=True)) == []
    unknown = manifest(walk(), coverage=(Coverage(target="eu", center="self", declared=None, covered=3),))
    assert [one.violation.message for one in observe(unknown, has_success_marker=True)][1:] == [
        "may hold records in no namespace walked: how many is not known"
    ]


def test_shrinkage_is_a_finding_unless_the_run_accepted_it() -> None:
    found = list(observe(manifest(status="incomplete", shrinkage=(SHRANK,)), has_success_marker=False))
    assert [(one.rule.id, one.location, one.violation.message) for one in found] == [
        ("SWR001", Location(), "is incomplete: 1 namespace shrank"),
        ("SWR006", Location("eu", "self", None, "team"), "shrank from 3 000 to 0 records since snapshot night1"),
    ]
    assert found[1].violation.evidence == {"before": 3000, "now": 0, "snapshot": "night1"}
    accepted = manifest(shrinkage=(SHRANK,), config={"allow_shrink": True})
    assert list(observe(accepted, has_success_marker=True)) == []


def test_a_target_that_failed_is_a_finding_of_its_own() -> None:
    failed = TargetEntry(name="eu", state="failed", planned=3, published=1, kind="unavailable", reason="no answer")
    whole, one = observe(manifest(walk(), status="incomplete", targets=(failed,)), has_success_marker=False)
    assert "1 of 1 target failed" in whole.violation.message
    assert (one.rule.id, one.location) == ("SWR009", Location("eu"))
    assert one.violation.message == "stopped with 1 of 3 walks published: no answer"
    assert one.violation.evidence == {"reason": "no answer", "kind": "unavailable", "planned": 3, "published": 1}


def test_the_records_of_a_walk_with_values_that_could_not_be_read_are_one_finding() -> None:
    shown = manifest(walk(namespace="team", invalid=2, invalid_fields=("size", "tags")))
    (one,) = observe(shown, has_success_marker=True)
    assert (one.rule.id, one.location) == ("SWR008", Location("eu", "self", None, "team"))
    assert one.violation.message == "has 2 records with values that could not be read, in size, tags"
    assert one.violation.evidence == {"records": 2, "fields": "size, tags"}


def test_no_rule_judges_by_a_value_that_could_not_be_read(tmp_path: Path) -> None:
    odd = {"category": 5, "description": [], "is_public": "maybe", "status": "?", "tags": "v1", "size": "big"}
    folder = publish(tmp_path, item("a", **odd, num_images=3), item("b", center="thirdparty", **odd))
    policy = Policy(allowed_categories=("app_server",), max_size_bytes=1, max_age_days=1)
    audit = Audit(open_snapshot(folder), policy)
    assert [one.rule for one in audit.findings()] == ["SWR008", "SWR008"]
    assert not audit.incomplete


def test_each_unknown_field_is_a_note_of_its_own() -> None:
    def told(one: Observation) -> tuple[str, str, str]:
        return one.rule.id, one.violation.message, one.subject

    assert [told(one) for one in observe(manifest(unknown_fields=("shared_to", "")), has_success_marker=True)] == [
        ("SWR005", "has the unknown field shared_to", "shared_to"),
        ("SWR005", "has the unknown field without a name", ""),
    ]


@given(
    st.sampled_from(["complete", "drifted", "partial", "unproven"]),
    st.integers(0, 3),
    st.sampled_from([(), (GAP,)]),
)
def test_a_snapshot_with_any_finding_in_its_manifest_is_incomplete_and_that_is_the_first_one(
    verdict: str, rejects: int, coverage: tuple[Coverage, ...]
) -> None:
    shown = manifest(walk(verdict=verdict, rejects=rejects), coverage=coverage)
    found = [one.rule.id for one in observe(shown, has_success_marker=True)]
    assert bool(found) is is_incomplete(shown, has_success_marker=True)
    assert found[:1] in ([], ["SWR001"])
    assert found.count("SWR001") <= 1
