"""Which paths in the folder of a snapshot a run writes: only those may be removed."""

import pytest

from crawler.snapshot.layout import is_written_here


@pytest.mark.parametrize(
    "path",
    [
        "_manifest.json",
        "_rejects.ndjson",
        "_SUCCESS",
        "._manifest.json.tmp",
        "._rejects.ndjson.tmp",
        "._SUCCESS.tmp",
        "center=self/",
        "center=self/part-00000.ndjson",
        "center=thirdparty/.part-00012.ndjson.tmp",
        "target=eu/",
        "target=eu/center=self/",
        "target=eu/center=self/part-123456.ndjson",
        "target=eu/center=self/.part-00000.ndjson.tmp",
    ],
)
def test_a_run_writes_its_parts_and_the_evidence_also_under_temporary_names(path: str) -> None:
    assert is_written_here(path)


@pytest.mark.parametrize(
    "path",
    [
        "notes.txt",
        "notes/",
        "part-00000.ndjson",
        "center=self",
        "center=other/",
        "center=self/notes.txt",
        "center=self/_SUCCESS",
        "center=self/._SUCCESS.tmp",
        "center=self/part-0.ndjson",
        "center=self/part-00000.ndjson/",
        "center=self/target=eu/",
        "target=EU/",
        "_SUCCESS/",
        ".notes.tmp",
        "center=self/part-00000.ndjson\n",
    ],
)
def test_a_run_writes_nothing_else(path: str) -> None:
    assert not is_written_here(path)
