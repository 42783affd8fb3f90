"""Which modules are pure and which are edges. `python -m tests.rooms` names the pure ones for the coverage gate."""

import sys
from pathlib import Path
from typing import Final

PACKAGE: Final = Path(__file__).parent.parent / "crawler"

EDGES: Final = frozenset(
    {
        "__main__",
        "cli",
        "clock",
        "command",
        "comparison",
        "demo",
        "extras",
        "keys",
        "logs",
        "progress",
        "run",
        "sql",
        "store",
        "survey",
        "tables",
        "targets",
        "api.allowance",
        "api.auth",
        "api.client",
        "api.pace",
        "api.secret",
        "api.watch",
        "audit.auditing",
        "audit.telling",
        "emulator.delivery",
        "emulator.proxy",
        "emulator.server",
        "report.making",
        "report.page",
        "snapshot.disk",
        "snapshot.files",
        "snapshot.join",
        "snapshot.publish",
        "snapshot.earlier",
        "snapshot.shelf",
        "snapshot.reader",
        "snapshot.spool",
        "snapshot.verify",
        "snapshot.workspace",
        "walking.asking",
        "walking.discovery",
        "walking.engine",
        "walking.publisher",
        "walking.resume",
        "walking.room",
        "walking.target",
    }
)


def modules() -> dict[str, Path]:
    """Give every module of the package by its name within it."""
    paths = sorted(PACKAGE.rglob("*.py"))
    return {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in paths}


def pure() -> dict[str, Path]:
    """Give the pure modules: all that are no edge."""
    return {name: path for name, path in modules().items() if name not in EDGES}


if __name__ == "__main__":
    sys.stdout.write(",".join(str(path.relative_to(PACKAGE.parent)) for path in pure().values()))
