"""Leaves in an output what killed and ended runs leave there."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from crawler.snapshot.file_entry import FileEntry
from crawler.snapshot.layout import MANIFEST, REJECTS, SUCCESS, WORK
from crawler.snapshot.manifest import to_json
from crawler.store.output.marker import mark
from crawler.store.output.resume_request import ResumeRequest
from crawler.store.output.run_state import RunState, write_state
from crawler.store.output.work_folder import open_work_folder
from crawler.store.output.workspace import open_workspace
from crawler.text.timestamp import timestamp
from tests.audit.examples import manifest

NOW: Final = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
HOUR_S: Final = 3600.0
NEW_ID: Final = "20261123T120000Z"


def resume_request(*, plan: str = "p", snapshot: str | None = None, resume: bool | None = None) -> ResumeRequest:
    return ResumeRequest(plan, snapshot, resume, HOUR_S)


def unfinished(
    output: Path, snapshot: str, *, plan: str = "p", age_s: float = 60.0, resumed: int = 0, named: bool = False
) -> RunState:
    """Leave the files of a killed run."""
    state = RunState(
        snapshot=snapshot, plan=plan, started_at=NOW - timedelta(seconds=age_s), resumed=resumed, named=named
    )
    folder = open_work_folder(output) / snapshot
    folder.mkdir()
    mark(folder, snapshot)
    write_state(folder, state)
    (folder / "journal").write_bytes(b"spooled")
    return state


def published(
    output: Path, snapshot: str, *, complete: bool = True, age_s: float = 60.0, finished_age_s: float = 0.0
) -> Path:
    """Leave what a run that began so long ago published, without any record."""
    folder = output / f"snapshot={snapshot}"
    folder.mkdir(parents=True)
    (folder / REJECTS).touch()
    written = manifest(
        snapshot=snapshot,
        started_at=timestamp(NOW - timedelta(seconds=age_s)),
        finished_at=timestamp(NOW - timedelta(seconds=finished_age_s)),
        status="complete" if complete else "incomplete",
        files=(),
        rejects=FileEntry(path=REJECTS, records=0, bytes=0, sha256=""),
    )
    (folder / MANIFEST).write_bytes(to_json(written))
    if complete:
        (folder / SUCCESS).touch()
    return folder


def opened(output: Path, request: ResumeRequest, now: datetime = NOW) -> RunState:
    with open_workspace(output, request, now) as workspace:
        return workspace.state


def runs(output: Path) -> set[str]:
    """Return the names of the folders in `.work`."""
    return {path.name for path in (output / WORK).iterdir() if path.is_dir()}


def files_in(folder: Path) -> dict[str, bytes | str | None]:
    """Return everything below a folder: the bytes of a file, the target of a link, None for a folder."""
    found: dict[str, bytes | str | None] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        found[name] = str(path.readlink()) if path.is_symlink() else None if path.is_dir() else path.read_bytes()
    return found
