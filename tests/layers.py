"""The layers of the package, and which modules are pure.

`python -m tests.layers` prints the pure modules for the coverage gate.

A module is pure when the first paragraph of its docstring, or of a folder's that it is in, says "(pure)".
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PACKAGE: Final = Path(__file__).parent.parent / "crawler"

# From the top down: a folder imports from its own layer's folder and from those below it.
LAYERS: Final = (
    "cli",
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


def modules() -> dict[str, Path]:
    """Return the path of every module of the package, by its name in the package."""
    paths = sorted(PACKAGE.rglob("*.py"))
    return {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in paths}


def layer_of(name: str) -> str:
    """Return the top folder of a module, or its own name when it is in none."""
    return name.split(".", maxsplit=1)[0]


def pure() -> dict[str, Path]:
    """Return the paths of the pure modules, by name."""
    return {name: path for name, path in modules().items() if any(map(_says_pure, (path, *_folders(path))))}


def imports(path: Path) -> Iterator[str]:
    """Yield every import in a module, at any level: each module, and each name from a module."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


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
    docstring = ast.get_docstring(ast.parse(path.read_bytes())) or ""
    return "(pure)" in docstring.partition("\n\n")[0]


if __name__ == "__main__":
    sys.stdout.write(",".join(str(path.relative_to(PACKAGE.parent)) for path in pure().values()))
