from pathlib import Path

import orjson
import pytest

from tests.bench.output_check import count
from tests.bench.server import Registry, namespace_name
from tests.bench.workloads import Workload

WORKLOAD = Workload(name="", namespaces=6, records=250, one_in=2)
REGISTRY = Registry(WORKLOAD)


def test_a_walk_has_as_many_records_as_it_declares_with_distinct_names_in_its_own_namespace() -> None:
    pages = [orjson.loads(REGISTRY.page("self", namespace_name(4), offset, 100).body) for offset in (0, 100, 200)]
    items = [item for page in pages for item in page]
    assert [len(page) for page in pages] == [100, 100, 50]
    assert {item["total_range"] for item in items} == {250}
    assert len({item["name"] for item in items}) == 250
    assert {item["namespace"] for item in items} == {"team-00004"}
    assert {item["path"].split("/")[1] for item in items} == {"team-00004"}


def test_the_other_namespaces_are_empty() -> None:
    response = REGISTRY.page("self", namespace_name(3), 0, 100)
    assert (response.body, response.headers) == (b"[]", (("Content-Range", "0-0/0"),))


def test_a_whole_center_declares_the_sum_of_its_namespaces() -> None:
    [item] = orjson.loads(REGISTRY.page("self", None, 0, 1).body)
    assert item["total_range"] == WORKLOAD.total // 2 == 750


@pytest.mark.parametrize("name", ["center=self/part-00000.ndjson", "self.ndjson", "records/records/1.jsonl"])
def test_records_are_counted_by_center_namespace_and_name(tmp_path: Path, name: str) -> None:
    item = {"center": "self", "namespace": "a", "name": "x"}
    items = [item, item | {"name": "y"}, item | {"name": "y"}, item | {"center": "thirdparty"}]
    _write(tmp_path / name, items)
    assert count(tmp_path) == (4, 3)


def test_a_record_without_a_center_gets_it_from_its_file(tmp_path: Path) -> None:
    for center in ("self", "thirdparty"):
        _write(tmp_path / f"{center}.ndjson", [{"namespace": "a", "name": "x"}])
    assert count(tmp_path) == (2, 2)


def test_files_that_hold_no_records_are_not_counted(tmp_path: Path) -> None:
    for name in ("_rejects.ndjson", ".work/pages.ndjson", "_dlt_loads/1.jsonl", "_manifest.json"):
        _write(tmp_path / name, [{"namespace": "a", "name": "x"}])
    assert count(tmp_path) == (0, 0)


def _write(path: Path, items: list[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(orjson.dumps(item) + b"\n" for item in items))
