"""A crawl with compressed parts publishes the same lines as one without, and says what it cannot do before it asks."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from crawler.cli.console.exit_status import exit_code_of
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.inventory.ndjson import synthetic
from crawler.emulator.server import RunningEmulator
from crawler.errors import ConfigError
from crawler.snapshot.file_entry import FileContent
from crawler.snapshot.reader import open_snapshot
from crawler.snapshot.verify import verify
from tests.support.emulator_fixture import TOKEN, crawl, port_of, serve, snapshot_of

SMALL_PARTS: Final = {**TOKEN, "SWR_CRAWLER_MAX_PART_BYTES": "40000"}
INVENTORY = synthetic(namespaces=3, repositories=600, seed=7)


@pytest.fixture(scope="module")
def served() -> Iterator[RunningEmulator]:
    with serve(INVENTORY) as emulator:
        yield emulator


def lines_of(snapshot: Path) -> list[tuple[str, int, FileContent]]:
    """Return name without the suffix, records and lines of each part."""
    files = open_snapshot(snapshot).manifest.files
    return [(file.path.split(".ndjson")[0], file.records, file.lines) for file in files]


@pytest.fixture(scope="module")
def plain(served: RunningEmulator, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, int, FileContent]]:
    result = crawl(served.endpoint, tmp_path_factory.mktemp("plain"), limit=50, environ=SMALL_PARTS)
    return lines_of(snapshot_of(result))


@pytest.mark.parametrize(("compression", "suffix"), [("zstd", ".zst"), ("gzip", ".gz")])
@pytest.mark.parametrize("limit", [7, 100])
def test_a_crawl_with_compression_publishes_the_same_lines_in_the_same_parts(
    served: RunningEmulator,
    tmp_path: Path,
    plain: list[tuple[str, int, FileContent]],
    compression: str,
    suffix: str,
    limit: int,
) -> None:
    result = crawl(served.endpoint, tmp_path, limit=limit, compression=compression, environ=SMALL_PARTS)
    assert exit_code_of(result) == 0
    snapshot = open_snapshot(snapshot_of(result))
    assert lines_of(snapshot.folder) == plain
    assert {Path(file.path).suffix for file in snapshot.manifest.files} == {suffix}
    assert verify(snapshot).differences == ()


def test_a_resumed_run_may_compress_otherwise_than_it_began(
    tmp_path: Path, plain: list[tuple[str, int, FileContent]]
) -> None:
    with serve(INVENTORY, faults=(parse_fault("unauthorized:after_requests=9"),)) as refusing:
        stopped = crawl(refusing.endpoint, tmp_path, limit=50, compression="gzip")
    assert exit_code_of(stopped) == 77
    with serve(INVENTORY, port=port_of(refusing)) as again:
        result = crawl(again.endpoint, tmp_path, limit=50, compression="zstd", environ=SMALL_PARTS, resume=True)
    assert (exit_code_of(result), result.resumed) == (0, 1)
    assert lines_of(snapshot_of(result)) == plain


def test_records_that_both_centers_hold_are_found_in_compressed_parts(tmp_path: Path) -> None:
    with serve(INVENTORY, faults=(parse_fault("ignore-center"),)) as alike:
        results = [
            crawl(alike.endpoint, tmp_path / compression, compression=compression) for compression in ("none", "zstd")
        ]
    assert results[0].overlaps == results[1].overlaps != ()
    assert [exit_code_of(result) for result in results] == [3, 3]


def test_a_center_without_records_has_a_folder_in_the_manifest_alone(tmp_path: Path) -> None:
    with serve(synthetic(namespaces=1, repositories=0, seed=1)) as empty:
        result = crawl(empty.endpoint, tmp_path, compression="zstd")
    snapshot = open_snapshot(snapshot_of(result))
    assert snapshot.manifest.partitions == ("center=self", "center=thirdparty")
    assert sorted(path.name for path in snapshot.folder.iterdir()) == ["_SUCCESS", "_manifest.json", "_rejects.ndjson"]
    assert verify(snapshot).differences == ()


def test_without_the_library_nothing_is_asked_and_nothing_is_written(
    served: RunningEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("compression", "backports"):
        monkeypatch.setitem(sys.modules, name, None)
    before = served.counters()["requests"]
    with pytest.raises(ConfigError, match=r"compression: zstd needs backports\.zstd.*'swr-crawler\[zstd\]'") as raised:
        crawl(served.endpoint, tmp_path / "output", compression="zstd")
    assert raised.value.setting == "compression"
    assert served.counters()["requests"] == before
    assert not (tmp_path / "output").exists()


def test_standard_output_is_not_compressed_and_says_so(served: RunningEmulator, tmp_path: Path) -> None:
    before = served.counters()["requests"]
    with pytest.raises(ConfigError, match=r"compression: records to standard output are not compressed; set"):
        crawl(served.endpoint, "-", compression="gzip")
    assert served.counters()["requests"] == before
    assert not any(tmp_path.iterdir())
