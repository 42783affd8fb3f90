"""Counts the records, and the distinct ones, that a subject wrote. A process of its own: it needs much memory.

`python -m tests.bench.output_check FOLDER` prints `records distinct` of all lines of all *.ndjson and *.jsonl below it.
The center of a record is its own field, else the name of its file or folder.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import orjson

_NOT_RECORDS: Final = ("_", ".")  # prefixes of files and folders


def count(folder: Path) -> tuple[int, int]:
    """Return the numbers of records and of distinct keys (center, namespace, name)."""
    seen: set[int] = set()
    records = 0
    for path in _files(folder):
        with path.open("rb") as lines:
            for line in lines:
                item = orjson.loads(line)
                seen.add(hash((item.get("center", path.stem), item["namespace"], item["name"])))
                records += 1
    return records, len(seen)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*.*json*")):
        inner = path.relative_to(folder).parts
        if path.suffix in {".ndjson", ".jsonl"} and not any(part.startswith(_NOT_RECORDS) for part in inner):
            yield path


if __name__ == "__main__":
    sys.stdout.write("{} {}\n".format(*count(Path(sys.argv[1]))))
