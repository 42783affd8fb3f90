"""Puts the tables of a benchmark into docs/performance.md.

`python -m tests.bench.performance_page [output/bench/latest.json]` replaces what is between the line that begins with
`<!-- measured` and the line `<!-- /measured -->`.
"""

import re
import sys
from pathlib import Path
from typing import Any, Final

import orjson

from tests.bench.table import from_json, goals, heading, markdown
from tests.bench.trials import ROOT

_PAGE: Final = ROOT / "docs" / "performance.md"
_BEGIN: Final = "<!-- measured"
_END: Final = "<!-- /measured -->"
_BETWEEN_MARKS: Final = re.compile(rf"(?P<begin>^{_BEGIN}\b[^\n]*-->\n).*?(?=^{_END})", re.DOTALL | re.MULTILINE)


def measured(results: dict[str, Any]) -> str:
    """Return the tables of all workloads in Markdown; `results` is the content of a file of `python -m tests.bench`."""
    machine = results["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    date, cores, python = results["started_at"][:10], machine["cores"], machine["python"]
    parts = [f"Measured {date} on {cores} cores, Python {python}, {versions}."]
    for result in results["workloads"]:
        workload, trials = from_json(result)
        parts += [f"**{heading(workload)}**", markdown(workload, trials)]
        parts += ["\n".join(f"- {line}" for line in goals(workload, trials))] * bool(workload.goals)
    return "\n\n".join(parts)


def placed(page: str, tables: str) -> str:
    """Return the page with these tables between its marks. Raises ValueError if it has no marks."""
    if not _BETWEEN_MARKS.search(page):
        raise ValueError(f"the page has no line that begins with {_BEGIN!r} followed by a line {_END!r}")
    return _BETWEEN_MARKS.sub(lambda match: f"{match['begin']}{tables}\n", page, count=1)


def _put(file: Path, page: Path) -> None:
    text = placed(page.read_text(encoding="utf-8"), measured(orjson.loads(file.read_bytes())))
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    _put(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "output" / "bench" / "latest.json", _PAGE)
