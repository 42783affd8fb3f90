"""`.work` is ours, or the run is refused before the first request and nothing is touched."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from crawler.errors import ConfigError, DiskError
from crawler.snapshot.layout import MARKER, WORK
from crawler.store.output import work_folder
from crawler.store.output.marker import is_marked_by, mark
from crawler.store.output.work_folder import open_work_folder
from tests.store.output.builders import files_in, opened, resume_request, unfinished


def test_a_new_work_folder_is_marked_and_is_taken_again(tmp_path: Path) -> None:
    work = open_work_folder(tmp_path / "a" / "output")
    assert [path.name for path in work.iterdir()] == [MARKER]
    assert (work / MARKER).read_bytes().startswith(b"working files of swr-crawler")
    (work / "notes").write_bytes(b"mine")
    assert open_work_folder(tmp_path / "a" / "output") == work


@pytest.mark.parametrize("marker", [None, b"", b"workin", b"\xff\0"])
def test_a_folder_that_holds_nothing_but_a_torn_marker_is_taken(tmp_path: Path, marker: bytes | None) -> None:
    (tmp_path / WORK).mkdir()
    if marker is not None:
        (tmp_path / WORK / MARKER).write_bytes(marker)
    assert opened(tmp_path, resume_request()).resumed == 0


THEIRS: Final[dict[str, Callable[[Path], object]]] = {
    "a file": lambda work: work.write_bytes(b"mine"),
    "a folder with a file": lambda work: (work / "notes").write_bytes(b"mine"),
    "a folder with a folder": lambda work: (work / "notes").mkdir(),
    "a folder with a lock of another kind": lambda work: (work / ".lock").mkdir(),
    "a folder with a link to a run": lambda work: (work / "run-1").symlink_to("../../elsewhere"),
    "a link to a folder": lambda work: work.symlink_to("../elsewhere"),
    "a link that leads nowhere": lambda work: work.symlink_to("../nowhere"),
}


@pytest.mark.parametrize("theirs", THEIRS)
def test_what_we_did_not_make_is_refused_and_left_alone(tmp_path: Path, theirs: str) -> None:
    output, work = tmp_path / "output", tmp_path / "output" / WORK
    unfinished(tmp_path / "elsewhere", "run-1")
    (work if theirs.startswith("a folder") else output).mkdir(parents=True)
    THEIRS[theirs](work)
    before = files_in(tmp_path)
    with pytest.raises(ConfigError, match=f"output: {work} is .*: move it away, or name another output") as caught:
        opened(output, resume_request())
    assert caught.value.setting == "output"
    assert files_in(tmp_path) == before


def test_the_folder_of_a_version_that_wrote_no_markers_is_taken(tmp_path: Path) -> None:
    unfinished(tmp_path, "run-1")
    work = tmp_path / WORK
    for marker in work.rglob(MARKER):
        marker.unlink()
    (work / ".lock").touch()
    (work / ".holder.json").write_bytes(b'{"pid":1,"host":"h","since":"s","snapshot":"run-1"}')
    assert all(map(work_folder._is_of_earlier_version, work.iterdir()))  # noqa: SLF001 - the holder would be watched
    (work / ".holder.json").unlink()
    assert opened(tmp_path, resume_request()).snapshot == "run-1"


def test_two_hosts_may_mark_it_at_once(tmp_path: Path) -> None:
    mark(tmp_path, "one")
    mark(tmp_path, "two")
    assert is_marked_by(tmp_path, "one")
    assert not is_marked_by(tmp_path, "two")


@pytest.mark.parametrize("torn", [b"", b"on", b"one", b"\0\0\0\0"])
def test_the_name_of_a_torn_marker_has_to_do(tmp_path: Path, torn: bytes) -> None:
    (tmp_path / MARKER).write_bytes(torn)
    assert is_marked_by(tmp_path, "one")


def test_what_is_no_marker_marks_nothing(tmp_path: Path) -> None:
    assert not is_marked_by(tmp_path, "one")
    (tmp_path / MARKER).mkdir()
    assert not is_marked_by(tmp_path, "one")
    (tmp_path / MARKER).rmdir()
    (tmp_path / "other").write_bytes(b"one\n")
    (tmp_path / MARKER).symlink_to("other")
    assert not is_marked_by(tmp_path, "one")


# ---- on another file system

ACROSS: Final = """
import sys
from pathlib import Path
from crawler.store.output.work_folder import open_work_folder

open_work_folder(Path(sys.argv[1]))
"""


def test_a_work_folder_on_another_mount_is_a_disk_error(tmp_path: Path) -> None:
    work = tmp_path / "output" / WORK
    work.mkdir(parents=True)
    (tmp_path / "other").mkdir()
    unshare, mount = shutil.which("unshare"), shutil.which("mount")
    if unshare is None or mount is None:
        pytest.skip("there is no unshare")
    # The same device: that alone does not tell that a rename will fail.
    script = f'{mount} --bind "$1" "$2" || exit 9; shift 2; exec "$@"'
    command = [unshare, "-m", "/bin/sh", "-c", script, "sh", str(tmp_path / "other"), str(work)]
    done = subprocess.run(  # noqa: S603 - ourselves
        [*command, sys.executable, "-c", ACROSS, str(tmp_path / "output")], capture_output=True, text=True, check=False
    )
    if done.returncode != 1 or done.stderr.startswith("unshare:"):
        pytest.skip("this user may not mount")
    assert f"DiskError: {work} is on another file system than {tmp_path / 'output'}: unmount it" in done.stderr
    assert list(work.iterdir()) == list((tmp_path / "other").iterdir()) == []


def test_where_the_system_does_not_name_mounts_the_device_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work_folder, "_mount_id", lambda _: b"")
    open_work_folder(tmp_path)
    devices = iter([1, 2])
    monkeypatch.setattr(work_folder, "_mount_of", lambda _: (next(devices), b""))
    with pytest.raises(DiskError, match="is on another file system"):
        open_work_folder(tmp_path)


def test_a_system_without_proc_names_no_mount(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_path: Path) -> bytes:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_bytes", missing)
    assert work_folder._mount_id(0) == b""  # noqa: SLF001 - what differs by system
