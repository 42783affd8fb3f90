"""Each snippet of the page on reading finds each record of the newest complete snapshot once, with the right types.

The snapshot has an empty center, fields that are first seen in its last record, and others beside it; its parts are
plain, or compressed with zstd (several frames) or gzip.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from crawler.model.record import Record
from crawler.snapshot.reader import open_snapshot
from crawler.snapshot.schema.arrow_source import arrow_source
from crawler.snapshot.schema.duckdb_columns import columns_argument, duckdb_columns
from crawler.snapshot.schema.fields import fields_of
from tests.readers.hard_output import CODECS, LARGE, SUFFIX, hard_records, publish_hard_output
from tests.readers.page_snippets import PAGE, needed, results_of, skip, snippet
from tests.readers.probes import ARROW_TYPES, MICROSECONDS, PROBES


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder for each compression, with an output and with what `swr-crawler schema` prints."""
    folders = {name: tmp_path_factory.mktemp(name) for name in CODECS}
    for name, folder in folders.items():
        publish_hard_output(folder / "output", name)
        fields = fields_of(Record)
        (folder / "columns.txt").write_text(columns_argument(duckdb_columns(fields)))
        (folder / "record_schema.py").write_text(arrow_source(fields))
    return folders


@pytest.mark.parametrize("name", CODECS)
def test_the_snapshot_is_hard_to_read(outputs: dict[str, Path], name: str) -> None:
    folder = outputs[name] / "output"
    latest = open_snapshot(folder / "latest")
    paths = [Path(file.path) for file in latest.manifest.files]
    assert (latest.manifest.snapshot, len(paths), {path.suffix for path in paths}) == ("b-hard", 3, {SUFFIX[name]})
    assert {path.parts[0] for path in paths} == {"center=thirdparty"}
    assert [(one.center, one.records > 0) for one in latest.manifest.walks] == [("self", False), ("thirdparty", True)]
    assert sorted(path.name for path in folder.glob("snapshot=*")) == [
        f"snapshot={i}" for i in ("a-first", "b-hard", "c-newer")
    ]
    assert not (folder / "snapshot=c-newer/_SUCCESS").exists()
    with_extra = [at for at, one in enumerate(hard_records()) if one.extra]
    assert with_extra == [len(hard_records()) - 1]
    assert name != "zstd" or (latest.folder / paths[0]).read_bytes().count(b"\x28\xb5\x2f\xfd") > 1


@pytest.mark.parametrize("reader", PROBES)
def test_a_reader_finds_each_record_once_with_its_types(outputs: dict[str, Path], tmp_path: Path, reader: str) -> None:
    libraries, probe, own = PROBES[reader]
    records = hard_records()
    expected = {
        "rows": len(records),
        "sizes": sum(one.size is None for one in records),
        "size": LARGE,
        "tags": [],
        "logo": "here",
        "times": sum(one.updated_at is not None for one in records),
        "time": MICROSECONDS,
        "first": ["1.10", "ä"],
        **own,
    }
    found = results_of(needed(*libraries), snippet(reader) + probe, list(outputs.values()), tmp_path)
    assert dict(zip(outputs, found, strict=True)) == dict.fromkeys(outputs, expected)


@pytest.mark.parametrize("name", CODECS)
def test_jq_finds_the_last_record(outputs: dict[str, Path], name: str) -> None:
    lines = {Path(line.split(" | ")[0]).suffix: line for line in snippet("jq", "sh").splitlines()}
    command = lines[SUFFIX[name]] if name != "none" else snippet_of_plain_parts("select(.extra) | .name")
    for tool in ("jq", command.split()[0]):
        if shutil.which(tool) is None:
            assert "CI" not in os.environ, f"{tool} is not installed"
            skip(f"{tool} is not installed")
    done = subprocess.run(["bash", "-c", command], cwd=outputs[name], capture_output=True, text=True, check=True)  # noqa: S603, S607 - ours
    assert (done.stdout, done.stderr) == ("last\n", "")


def snippet_of_plain_parts(program: str) -> str:
    """Return the command of the page for plain parts, with another program for jq."""
    (command,) = re.findall(r"^\$ (jq -r '[^']+' \S+)", snippet("jq", "console"), re.MULTILINE)
    return re.sub("'.+'", f"'{program}'", command)


@pytest.mark.parametrize("heading", ["ClickHouse", "Spark"])
def test_a_schema_that_the_page_spells_out_has_each_field_of_a_record_in_its_order(heading: str) -> None:
    spelled = snippet(heading).split('"""')[1]
    names = re.findall(r"(?:^|,)\s*(\w+) [A-Za-z]", re.sub(r"\(.*?\)", "", spelled))
    assert tuple(names) == Record.__struct_fields__


def test_the_schema_of_a_spelled_out_field_is_of_its_type() -> None:
    types = {"string": "string", "integer": "bigint", "boolean": "boolean", "timestamp": "timestamp", "json": "string"}
    wanted = [
        f"{field.name} {types[field.type] if isinstance(field.type, str) else 'array<string>'}"
        for field in fields_of(Record)
    ]
    assert re.split(r",\s+", snippet("Spark").split('"""')[1].strip()) == wanted


def test_pyarrow_loads_the_schema_that_is_printed_with_the_nullability_of_each_field(
    outputs: dict[str, Path], tmp_path: Path
) -> None:
    code = "from record_schema import schema\nsay([[one.name, str(one.type), one.nullable] for one in schema])"
    types = dict(zip(("string", "integer", "boolean", "timestamp"), ARROW_TYPES, strict=False), json="string")
    wanted = [
        [field.name, types[field.type] if isinstance(field.type, str) else ARROW_TYPES[-1], field.nullable]
        for field in fields_of(Record)
    ]
    assert results_of(needed("pyarrow"), code, [outputs["none"]], tmp_path) == [wanted]


def test_the_page_prints_the_schemas_that_its_snippets_load() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for form, name in (("duckdb", "columns.txt"), ("arrow", "record_schema.py")):
        assert f"$ swr-crawler schema record --format {form} > {name}\n" in page
