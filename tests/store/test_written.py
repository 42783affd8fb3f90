"""What is published is compared with what the run wrote: a name, a size or another manifest is a difference."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from crawler.snapshot.file_entry import FileEntry
from crawler.snapshot.layout import MANIFEST, REJECTS, SUCCESS
from crawler.snapshot.manifest import to_json
from crawler.store.written import Written
from tests.audit.examples import manifest

PART: Final = "center=self/part-00000.ndjson"
MADE: Final = manifest(
    status="complete",
    files=(FileEntry(path=PART, records=1, bytes=3, sha256=""),),
    rejects=FileEntry(path=REJECTS, records=0, bytes=0, sha256=""),
)
WRITTEN: Final = Written.of(MADE, to_json(MADE))


def made(folder: Path) -> Path:
    (folder / "center=self").mkdir(parents=True)
    for name, content in {PART: b"{}\n", REJECTS: b"", MANIFEST: to_json(MADE), SUCCESS: b""}.items():
        (folder / name).write_bytes(content)
    return folder


def test_what_was_written_has_no_difference_before_and_after_success(tmp_path: Path) -> None:
    folder = made(tmp_path / "s")
    assert WRITTEN.difference(folder) == ""
    assert WRITTEN.without_success().difference(folder) == "_SUCCESS was not written by this run"
    (folder / SUCCESS).unlink()
    assert WRITTEN.without_success().difference(folder) == ""
    assert WRITTEN.difference(folder) == "_SUCCESS is missing"


def test_an_incomplete_snapshot_has_no_success(tmp_path: Path) -> None:
    incomplete = manifest(status="incomplete", files=MADE.files, rejects=MADE.rejects)
    folder = made(tmp_path / "s")
    (folder / MANIFEST).write_bytes(to_json(incomplete))
    written = Written.of(incomplete, to_json(incomplete))
    assert written.difference(folder) == "_SUCCESS was not written by this run"


CHANGES: Final[dict[str, tuple[Callable[[Path], object], str]]] = {
    "a part is gone": (lambda folder: (folder / PART).unlink(), f"{PART} is missing"),
    "grown": (
        lambda folder: (folder / PART).write_bytes(b"{}\n{}\n"),
        f"{PART} has 6 bytes, and this run wrote 3",
    ),
    "a file more": (lambda folder: (folder / "notes").touch(), "notes was not written by this run"),
    "a link more": (lambda folder: (folder / "notes").symlink_to("/"), "notes was not written by this run"),
    "another manifest": (
        lambda folder: (folder / MANIFEST).write_bytes(to_json(MADE).replace(b"complete", b"COMPLETE", 1)),
        f"{MANIFEST} is not the one that this run wrote",
    ),
    "no manifest": (lambda folder: (folder / MANIFEST).unlink(), f"{MANIFEST} is missing"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_each_change_is_a_difference(tmp_path: Path, change: str) -> None:
    folder = made(tmp_path / "s")
    do, difference = CHANGES[change]
    do(folder)
    assert WRITTEN.difference(folder) == difference
    assert WRITTEN.has_manifest_in(folder) == ("manifest" not in change)


def test_a_missing_folder_is_an_error_of_the_disk(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        WRITTEN.difference(tmp_path / "s")
