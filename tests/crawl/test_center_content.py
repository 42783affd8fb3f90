"""What records of a center hold is read from the part files of the run."""

from pathlib import Path

import pytest

from crawler.crawl.ending.center_content import center_content, unheld
from crawler.errors import DiskError
from crawler.model.record import record_key
from tests.audit.examples import record
from tests.store.builders import publish_records


@pytest.mark.parametrize("targets", [("eu",), ("eu", "west")], ids=["one target", "several"])
def test_the_content_of_the_named_records_of_a_center_is_read(tmp_path: Path, targets: tuple[str, ...]) -> None:
    records = [
        record(target=target, center=center, name=name, created_at=f"{target}/{center}/{name}")
        for target in targets
        for center in ("self", "thirdparty")
        for name in ("a", "b")
    ]
    snapshot = publish_records(tmp_path, "one", records, max_part_bytes=1)
    a, gone = (record_key("acme", "team", name).key for name in ("a", "gone"))
    content = center_content(snapshot.folder, "eu", "thirdparty", {a, gone})
    assert content == {a: ("eu/thirdparty/a", "swr.example/team/app", "10.0.0.1/team/app")}


def test_a_key_is_unheld_when_no_record_of_its_center_has_it_with_or_without_an_owner(tmp_path: Path) -> None:
    records = [record(target="eu", center="self", name="a"), record(target="eu", center="thirdparty", name="b")]
    snapshot = publish_records(tmp_path, "one", [*records, record(target="eu", center="self", name="c")])
    a, b = (record_key("acme", "team", name).key for name in ("a", "b"))
    ownerless = record_key(None, "team", "c").key
    assert unheld(snapshot.folder, "eu", "self", {a, b, ownerless}) == {b}
    assert unheld(snapshot.folder, "eu", "thirdparty", {a, b}) == {a}
    assert unheld(snapshot.folder, "eu", "self", {a, ownerless}) == set()


def test_part_files_that_cannot_be_read_are_a_disk_error(tmp_path: Path) -> None:
    (tmp_path / "center=self" / "part-00000.ndjson").mkdir(parents=True)
    with pytest.raises(DiskError, match="Is a directory"):
        center_content(tmp_path, "eu", "self", {1})
