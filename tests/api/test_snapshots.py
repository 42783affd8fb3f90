"""A published snapshot in a Python program: what it holds, and that no damage of it goes unnoticed."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

import crawler
from crawler.config.audit_policy import Suppression
from crawler.emulator.inventory.synthetic import synthetic


def crawl(output: Path, repositories: int = 60, snapshot: str = "one", **settings: Any) -> crawler.Snapshot:  # noqa: ANN401
    inventory = synthetic(namespaces=4, repositories=repositories, seed=7)
    with crawler.emulator.serve(inventory=inventory) as served:
        given: dict[str, Any] = {"rate_per_s": None, "snapshot": snapshot, "output": str(output), **settings}
        result = crawler.crawl(crawler.Config.load(environ=served.environ, **given), environ=served.environ)
    assert result.snapshot is not None
    return result.snapshot


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("output")


@pytest.fixture(scope="module")
def snapshot(output: Path) -> crawler.Snapshot:
    return crawl(output)


@pytest.fixture
def damaged(tmp_path: Path) -> crawler.Snapshot:
    return crawl(tmp_path)


def change_a_byte(snapshot: crawler.Snapshot, old: bytes, new: bytes) -> None:
    """Change the last record of the first part, so that it is still a record."""
    part = snapshot.folder / snapshot.manifest.files[0].path
    head, _, tail = part.read_bytes().rpartition(old)
    part.write_bytes(head + new + tail)


def test_a_snapshot_is_opened_by_its_names(snapshot: crawler.Snapshot, output: Path) -> None:
    for name in ("latest", "one", snapshot.folder):
        assert crawler.Snapshot.open(name, output=output).id == "one"
    assert crawler.Snapshot.open(str(snapshot.folder)).id == "one"
    with pytest.raises(crawler.UsageError, match="latest is no folder"):
        crawler.Snapshot.open(Path("latest"), output=output)  # a path is no name
    with pytest.raises(crawler.UsageError, match="there is one"):
        crawler.Snapshot.open("two", output=output)


def test_it_knows_what_it_holds(snapshot: crawler.Snapshot) -> None:
    assert (len(snapshot), snapshot.complete, snapshot.completeness) == (60, True, ())
    assert [(walk.center, walk.records) for walk in snapshot.walks] == [("self", 30), ("thirdparty", 30)]
    assert repr(snapshot) == f"<Snapshot one at {snapshot.folder}>"
    assert snapshot.verify().differences == ()


def test_records_are_of_one_center_or_namespace_or_all(snapshot: crawler.Snapshot) -> None:
    everything = list(snapshot.records())
    assert len(everything) == 60
    assert {record.center for record in snapshot.records(center="self")} == {"self"}
    namespace = everything[0].namespace
    expected = [record for record in everything if record.namespace == namespace]
    assert list(snapshot.records(namespace=namespace)) == expected
    assert list(snapshot.records(target="default")) == everything
    assert list(snapshot.records(namespace="there is none")) == []


def test_a_center_or_target_that_does_not_exist_is_no_empty_list(snapshot: crawler.Snapshot) -> None:
    with pytest.raises(crawler.UsageError, match="there are self, thirdparty"):
        snapshot.records(center="other")  # type: ignore[arg-type]
    with pytest.raises(crawler.UsageError, match="there are default"):
        snapshot.records(target="eu")


def test_of_several_targets_one_is_read_alone(tmp_path: Path) -> None:
    with crawler.emulator.serve(repositories=20) as one, crawler.emulator.serve(repositories=10) as other:
        targets = [{"name": "one", "endpoint": one.url}, {"name": "other", "endpoint": other.url}]
        environ = {"SWR_CRAWLER_TOKEN": one.token}
        config = crawler.Config.load(environ=environ, targets=targets, output=str(tmp_path))
        snapshot = crawler.crawl(config, environ=environ).snapshot
    assert snapshot is not None
    assert len(list(snapshot.records(target="other"))) == 10
    assert {record.target for record in snapshot.records(target="one")} == {"one"}


def test_no_record_of_a_part_with_a_wrong_byte_is_yielded(damaged: crawler.Snapshot) -> None:
    change_a_byte(damaged, b'"is_public":true', b'"is_public":null')
    records = damaged.records(center="self")
    with pytest.raises(crawler.IncompleteError, match="differs from the manifest"):
        next(records)
    assert len(list(damaged.records(center="thirdparty"))) == 30
    assert damaged.verify().differences != ()


def test_a_snapshot_without_its_marker_or_against_its_evidence_is_not_complete(damaged: crawler.Snapshot) -> None:
    (damaged.folder / "_SUCCESS").unlink()
    assert not damaged.complete


def test_two_snapshots_are_compared_as_often_as_somebody_asks(snapshot: crawler.Snapshot, tmp_path: Path) -> None:
    other = crawl(tmp_path, repositories=50, snapshot="two")
    found = other.diff(snapshot)
    changes = list(found)
    assert changes == list(found)
    counts = found.summary
    assert counts.complete
    assert counts.added + counts.removed + counts.changed == len(changes) > 0
    assert other.diff(snapshot).summary == counts
    assert other.diff(snapshot).unknown == ()
    assert list(snapshot.diff(snapshot)) == []


def test_an_audit_follows_its_policy(snapshot: crawler.Snapshot) -> None:
    findings = list(snapshot.audit())
    assert findings
    rule = findings[0].rule
    disabled = crawler.Policy(disabled_rules=(rule,))
    assert rule not in {finding.rule for finding in snapshot.audit(disabled)}
    suppression = Suppression(rule=rule, reason="known", expires=date(2999, 1, 1))
    assert rule not in {finding.rule for finding in snapshot.audit(crawler.Policy(suppressions=(suppression,)))}


def test_an_audit_compares_with_an_earlier_snapshot_and_says_whether_it_had_everything(
    snapshot: crawler.Snapshot, tmp_path: Path
) -> None:
    small = crawl(tmp_path, repositories=10, snapshot="small", max_shrink_percent=100)
    audit = small.audit(crawler.Policy(min_shrink_records=1, min_shrink_bytes=1), previous=snapshot)
    assert audit.complete
    alone = {finding.rule for finding in small.audit()}
    assert {finding.rule for finding in audit} > alone
