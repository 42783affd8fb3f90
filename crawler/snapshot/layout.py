"""The names of the files in a snapshot and of the entries beside it (pure).

output/
|-- latest -> snapshot=<id>             the newest complete one
`-- snapshot=<id>/
    |-- _SUCCESS                        written last, and only when the snapshot is complete
    |-- _manifest.json
    |-- _rejects.ndjson
    `-- [target=<name>/]center=<center>/part-00000.ndjson    with the target when there are several
"""

import re
from typing import Final

MANIFEST: Final = "_manifest.json"
REJECTS: Final = "_rejects.ndjson"
SUCCESS: Final = "_SUCCESS"
PART: Final = re.compile(r"(?:target=([a-z0-9][a-z0-9_-]*)/)?center=(self|thirdparty)/part-[0-9]{5,}\.ndjson")

LATEST: Final = "latest"
# A link that we made: it names a snapshot beside it.
LATEST_TARGET: Final = re.compile(r"snapshot=[^/]+")
PREVIOUS: Final = "previous"  # no entry on disk: the word for the complete snapshot before the latest

_FOLDER: Final = re.compile(r"(?:target=[a-z0-9][a-z0-9_-]*/)?(?:center=(?:self|thirdparty)/)?")
_TEMPORARY: Final = re.compile(r"(.*/)?\.([^/]+)\.tmp")  # as files/atomic.py names a file that is not complete


def is_written_here(path: str) -> bool:
    """Return whether a run writes a file of this path into the folder of a snapshot, also under its temporary name.

    The path is relative to the folder; that of a folder ends with a slash.
    """
    if temporary := _TEMPORARY.fullmatch(path):
        path = f"{temporary[1] or ''}{temporary[2]}"
    return path in {MANIFEST, REJECTS, SUCCESS} or bool(PART.fullmatch(path) or _FOLDER.fullmatch(path))
