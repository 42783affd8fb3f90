"""The names of all files and folders in an output: declared here, each once (pure).

output/
|-- latest -> snapshot=<id>             the newest complete one
|-- latest.json                         the same for readers without links (snapshot/history/latest.py)
|-- snapshot=<id>/
|   |-- _SUCCESS                        written last, and only when the snapshot is complete
|   |-- _manifest.json
|   |-- _rejects.ndjson
|   `-- [target=<name>/]center=<center>/part-00000.ndjson[.zst|.gz]    with the target when there are several
`-- .work/                              store/output/work_folder.py
    |-- .swr-crawler                    the marker: this program made the folder
    |-- .lock                           held while a run lives (store/output/output_lock.py)
    |-- .holder.json                    the run that holds the output (store/output/holder_file.py)
    |-- .trash/                         snapshots that are being removed (store/retention/trash.py)
    |-- .probe/                         while a run finds out what the file system can do (files/probe.py)
    `-- <id>/ or <id>~<nonce>/          one run (store/output/run_folder.py); ~ after another host took it over
        |-- .swr-crawler                the marker, with the run's id
        |-- run.json                    store/output/run_state.py
        |-- pages.ndjson, journal       store/spool_files.py
        |-- latest, latest.json         before they replace those in the output
        `-- snapshot/                   the unpublished snapshot, store/part_files.py
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from crawler.files.compression.codec import Compression

# --- a snapshot

MANIFEST: Final = "_manifest.json"
REJECTS: Final = "_rejects.ndjson"
SUCCESS: Final = "_SUCCESS"

_TARGET: Final = "target="
_CENTER: Final = "center="
_SUFFIXES: Final[Mapping[Compression, str]] = MappingProxyType({"none": "", "zstd": ".zst", "gzip": ".gz"})
_SUFFIX: Final = "|".join(map(re.escape, _SUFFIXES.values()))
PART: Final = re.compile(
    rf"(?:{_TARGET}([a-z0-9][a-z0-9_-]*)/)?{_CENTER}(self|thirdparty)/part-[0-9]{{5,}}\.ndjson(?:{_SUFFIX})"
)
_FOLDER: Final = re.compile(rf"(?:{_TARGET}[a-z0-9][a-z0-9_-]*/)?(?:{_CENTER}(?:self|thirdparty)/)?")
_TEMPORARY: Final = re.compile(r"(.*/)?\.([^/]+)\.tmp")  # as files/atomic.py names a file that is not complete


def partition_path(center: str, target: str | None = None) -> str:
    """Return the folder of a center's parts, relative to the snapshot; with the target when there are several."""
    return f"{_CENTER}{center}" if target is None else f"{_TARGET}{target}/{_CENTER}{center}"


def part_path(partition: str, number: int, compression: Compression = "none") -> str:
    """Return the path of a part in the folder `partition`; `number` counts from 0."""
    return f"{partition}/part-{number:05d}.ndjson{_SUFFIXES[compression]}"


def compression_of(path: str) -> Compression:
    """Return how the file of this name is compressed."""
    return next((name for name, suffix in _SUFFIXES.items() if suffix and path.endswith(suffix)), "none")


def is_written_here(path: str) -> bool:
    """Return whether a run writes a file of this path into the folder of a snapshot, also under its temporary name.

    The path is relative to the folder; that of a folder ends with a slash.
    """
    if temporary := _TEMPORARY.fullmatch(path):
        path = f"{temporary[1] or ''}{temporary[2]}"
    return path in {MANIFEST, REJECTS, SUCCESS} or bool(PART.fullmatch(path) or _FOLDER.fullmatch(path))


# --- the output

LATEST: Final = "latest"
LATEST_FILE: Final = "latest.json"
PREVIOUS: Final = "previous"  # no entry on disk: the word for the complete snapshot before the latest
_SNAPSHOT: Final = "snapshot="
SNAPSHOTS: Final = f"{_SNAPSHOT}*"  # all of them, as a glob
LATEST_TARGET: Final = re.compile(rf"{_SNAPSHOT}[^/]+")  # of a link that we made: it names a snapshot beside it


def snapshot_folder(snapshot: str) -> str:
    """Return the name of the folder of a snapshot in the output, by its id or by that name."""
    return f"{_SNAPSHOT}{snapshot_id(snapshot)}"


def snapshot_id(folder: str) -> str:
    """Return the id of a snapshot by the name of its folder, or by the id itself."""
    return folder.removeprefix(_SNAPSHOT)


# --- the working folder

WORK: Final = ".work"
MARKER: Final = ".swr-crawler"
LOCK: Final = ".lock"
HOLDER: Final = ".holder.json"
HOLDER_TEMPORARY: Final = ".holder-*.tmp"  # with the nonce of the run that makes it
PROBE: Final = ".probe"
TRASH: Final = ".trash"
STATE_FILE: Final = "run.json"
PAGES: Final = "pages.ndjson"
JOURNAL: Final = "journal"
UNPUBLISHED: Final = "snapshot"  # the folder of the snapshot before it is published
