"""The layers of the package, and which modules are pure.

`python -m tests.layers` prints the pure modules for the coverage gate.

A module is pure when the first paragraph of its docstring, or of a folder's that it is in, says "(pure)".
"""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

PACKAGE: Final = Path(__file__).parent.parent / "crawler"

# From the top down: a folder imports from its own layer's folder and from those below it.
LAYERS: Final = (
    "cli",
    "api",
    "report",
    "audit",
    "diff",
    "query",
    "crawl",
    "store",
    "snapshot",
    "config",
    "walk",
    "swr",
    "model",
    "files",
    "text",
    "errors",
)
# Beside them: it serves the API of the service, and imports only what both sides share.
EMULATOR: Final = "emulator"
UNDER_THE_EMULATOR: Final = frozenset({"swr", "model", "files", "text", "errors"})


@cache
def modules() -> dict[str, Path]:
    """Return every module of the package by its name within it."""
    paths = sorted(PACKAGE.rglob("*.py"))
    return {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in paths}


def layer_of(name: str) -> str:
    """Return the folder at the top of the package that a module is in, or its own name."""
    return name.split(".", maxsplit=1)[0]


@cache
def pure() -> dict[str, Path]:
    """Return the pure modules."""
    return {name: path for name, path in modules().items() if any(map(_says_pure, (path, *_folders(path))))}


@cache
def tree_of(path: Path) -> ast.Module:
    """Return the syntax tree of a module."""
    return ast.parse(path.read_bytes())


@cache
def imports(path: Path) -> tuple[str, ...]:
    """Return what a module imports, wherever in it: each module, and each name out of one."""
    found: list[str] = []
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(found)


@cache
def arrows() -> dict[str, set[str]]:
    """Return the modules of the package that each of its modules imports."""
    names = set(modules())
    return {
        name: {found for imported in imports(path) if (found := imported.removeprefix("crawler.")) in names} - {name}
        for name, path in modules().items()
    }


def _folders(path: Path) -> Iterator[Path]:
    for folder in path.parents:
        if folder == PACKAGE:
            return
        yield folder / "__init__.py"


def _says_pure(path: Path) -> bool:
    # To parse all modules takes seconds, in each process that collects the tests.
    before, *docstring = path.read_text(encoding="utf-8").split('"""', 2)
    return before in {"", "r"} and "(pure)" in docstring[0].partition("\n\n")[0]


if __name__ == "__main__":
    sys.stdout.write(",".join(str(path.relative_to(PACKAGE.parent)) for path in pure().values()))
