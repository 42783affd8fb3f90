"""Puts the tables of a bench into docs/performance.md: `python -m tests.bench.readme [output/bench/latest.json]`."""

import re
import sys
from pathlib import Path
from typing import Any, Final

import orjson

from tests.bench.table import from_json, goals, heading, markdown
from tests.bench.trials import ROOT

_BEGIN: Final = "<!-- measured: python -m tests.bench.readme -->"
_END: Final = "<!-- /measured -->"


def measured(kept: dict[str, Any]) -> str:
    """Give the tables of all workloads of a bench."""
    machine, versions = kept["machine"], kept["versions"]
    who = ", ".join(f"{name} {version}" for name, version in versions.items())
    parts = [f"Measured {kept['started_at'][:10]} on {machine['cores']} cores, Python {machine['python']}, {who}."]
    for result in kept["workloads"]:
        workload, runs = from_json(result)
        parts += [f"**{heading(workload)}**", markdown(workload, runs)]
        parts += ["\n".join(f"- {line}" for line in goals(workload, runs))] * bool(workload.goals)
    return "\n\n".join(parts)


def placed(readme: str, tables: str) -> str:
    """Give the README with these tables between its marks. Raises ValueError when it has no marks."""
    between = re.compile(f"(?<={re.escape(_BEGIN)}\n).*?(?={re.escape(_END)})", re.DOTALL)
    if not between.search(readme):
        raise ValueError(f"README has no line {_BEGIN!r} followed by {_END!r}")
    return between.sub(lambda _: f"{tables}\n", readme, count=1)


def _put(file: Path, readme: Path) -> None:
    text = placed(readme.read_text(encoding="utf-8"), measured(orjson.loads(file.read_bytes())))
    readme.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    kept = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "output" / "bench" / "latest.json"
    _put(kept, ROOT / "docs" / "performance.md")
