"""What the page on reading warns of is true of the versions that are installed; remove a warning that is not."""

import shutil
from pathlib import Path
from typing import Final

import pytest

from crawler.errors import IncompleteError
from crawler.model.record import Record
from crawler.snapshot.reader import open_snapshot
from crawler.snapshot.schema.arrow_source import arrow_source
from crawler.snapshot.schema.duckdb_columns import columns_argument, duckdb_columns
from crawler.snapshot.schema.fields import fields_of
from crawler.snapshot.verify import verify
from tests.readers.hard_output import CODECS, LARGE, hard_records, publish_hard_output
from tests.readers.page_snippets import needed, results_of, snippet
from tests.readers.probes import PROBES

_LINES_OF_FRAMES: Final = """
import pathlib, zstandard
from backports import zstd

data, make = pathlib.Path(PART).read_bytes(), zstandard.ZstdDecompressor
with zstandard.open(PART) as opened, zstd.open(PART) as other:
    texts = [make().decompress(data), b"".join(make().read_to_iter(data)), opened.read(), other.read()]
say([text.count(10) for text in texts])
"""
_WITH_PANDAS: Final = """
import pandas

frame = pandas.read_json(PART, lines=True)
say([len(frame), str(frame["size"].dtype)])
"""
_LARGEST_WITH_PANDAS: Final = """
import pathlib, pandas

parts = sorted(pathlib.Path("output/latest").rglob("part-*"))
frame = pandas.concat(pandas.read_json(part, lines=True) for part in parts)
say([len(frame), int(frame["size"].max())])
"""
_AS_DATASET: Final = """
import pathlib, pyarrow, pyarrow.dataset, pyarrow.json
from record_schema import schema

fields = pyarrow.schema(field for field in schema if field.name not in {"extra", "invalid"})
options = {"explicit_schema": fields, "unexpected_field_behavior": "ignore"}
form = pyarrow.dataset.JsonFileFormat(parse_options=pyarrow.json.ParseOptions(**options))
parts = sorted(pathlib.Path("output/latest").rglob("part-*"))
try:
    say(pyarrow.dataset.dataset(parts, schema=fields, format=form).count_rows())
except pyarrow.ArrowInvalid as error:
    say(str(error))
"""


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folders = {name: tmp_path_factory.mktemp(name) for name in CODECS}
    for name, folder in folders.items():
        publish_hard_output(folder / "output", name)
        (folder / "record_schema.py").write_text(arrow_source(fields_of(Record)))
        (folder / "columns.txt").write_text(columns_argument(duckdb_columns(fields_of(Record))))
    return folders


def first_part(folder: Path) -> tuple[Path, int]:
    """Return the first part of the newest complete snapshot, and how many records it holds."""
    latest = open_snapshot(folder / "output/latest")
    return latest.folder / latest.manifest.files[0].path, latest.manifest.files[0].records


def test_what_stops_after_the_first_frame_says_nothing_and_what_the_page_names_instead_reads_all(
    outputs: dict[str, Path], tmp_path: Path
) -> None:
    part, records = first_part(outputs["zstd"])
    code = _LINES_OF_FRAMES.replace("PART", repr(str(part)))
    ((decompress, read_to_iter, *whole),) = results_of(
        needed("zstandard", "backports.zstd"), code, [tmp_path], tmp_path
    )
    assert 0 < decompress == read_to_iter < records
    assert whole == [records, records]


def test_pandas_reads_all_frames_but_makes_sizes_floating_point_numbers(
    outputs: dict[str, Path], tmp_path: Path
) -> None:
    part, records = first_part(outputs["zstd"])
    python = needed("pandas", "zstandard")
    code = _WITH_PANDAS.replace("PART", repr(str(part)))
    assert results_of(python, code, [tmp_path], tmp_path) == [[records, "float64"]]
    ((rows, largest),) = results_of(python, _LARGEST_WITH_PANDAS, [outputs["none"]], tmp_path)
    assert rows == len(hard_records())
    assert largest != LARGE


@pytest.mark.parametrize(("compression", "error"), [("none", "/extra/zz/mixed"), ("zstd", "Invalid value")])
def test_a_dataset_of_the_files_fails_where_the_page_says_so(
    outputs: dict[str, Path], tmp_path: Path, compression: str, error: str
) -> None:
    (said,) = results_of(needed("pyarrow"), _AS_DATASET, [outputs[compression]], tmp_path)
    assert error in str(said)


ZSTD_FRAME: Final = b"\x28\xb5\x2f\xfd"


@pytest.fixture(params=["zstd", "gzip"])
def cut(request: pytest.FixtureRequest, outputs: dict[str, Path], tmp_path: Path) -> tuple[str, Path]:
    """A copy of an output whose first part is cut: a zstd one where its second frame begins, a gzip one at its end."""
    compression: str = request.param
    folder = shutil.copytree(outputs[compression], tmp_path / "cut", symlinks=True)
    part, _ = first_part(folder)
    whole = part.read_bytes()
    part.write_bytes(whole[: whole.index(ZSTD_FRAME, 1)] if compression == "zstd" else whole[:-1])
    return compression, folder


@pytest.mark.parametrize("reader", PROBES)
def test_readers_notice_a_cut_part_unless_it_is_cut_between_two_frames_and_verify_notices_both(
    cut: tuple[str, Path], tmp_path: Path, reader: str
) -> None:
    compression, folder = cut
    libraries, probe, _ = PROBES[reader]
    with pytest.raises(IncompleteError, match="differs from the manifest"):
        verify(open_snapshot(folder / "output/latest"))
    python = needed(*libraries)
    if compression == "gzip":
        with pytest.raises(RuntimeError):
            results_of(python, snippet(reader) + probe, [folder], tmp_path)
        return
    (found,) = results_of(python, snippet(reader) + probe, [folder], tmp_path)
    assert 0 < found["rows"] < len(hard_records())
