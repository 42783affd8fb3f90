"""The boundaries of the house, read from the imports."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rooms import EDGES, modules, pure

# What awaits, touches the world, tells the time or takes chances. `random` is let in where its seed is an argument.
IMPURE = frozenset(  # one word a library
    [
        "aiohttp",
        "aiolimiter",
        "anyio",
        "asyncio",
        "click",
        "concurrent",
        "duckdb",
        "filelock",
        "io",
        "logging",
        "multiprocessing",
        "os",
        "pathlib.Path",
        "rich",
        "secrets",
        "shutil",
        "signal",
        "socket",
        "ssl",
        "subprocess",
        "sys",
        "tempfile",
        "threading",
        "time",
        "urllib.request",
    ]
)
SEEDED = frozenset({"emulator.synthetic", "emulator.fault", "emulator.wire_faults"})


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("name", sorted(pure()))
def test_a_pure_module_imports_nothing_that_touches_the_world(name: str) -> None:
    edges = {f"crawler.{edge}" for edge in EDGES}
    forbidden = IMPURE if name in SEEDED else IMPURE | {"random"}
    found = {
        imported
        for imported in imports(pure()[name])
        if imported in edges or imported in forbidden or imported.split(".")[0] in forbidden
    }
    assert not found


@pytest.mark.parametrize("name", sorted(pure()))
def test_a_pure_module_awaits_nothing_and_reads_no_clock(name: str) -> None:
    tree = ast.parse(pure()[name].read_bytes())
    awaiting = [node for node in ast.walk(tree) if isinstance(node, ast.Await | ast.AsyncFunctionDef)]
    clocks = [
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in {"now", "utcnow", "today", "monotonic", "perf_counter"}
        and isinstance(node.value, ast.Name)
        and node.value.id in {"datetime", "date", "time"}
    ]
    assert not awaiting
    assert not clocks


def test_every_edge_is_a_module() -> None:
    assert set(modules()) >= EDGES


@pytest.mark.parametrize(
    ("library", "only"),
    [("aiolimiter", {"api.pace"}), ("aiohttp", {"api.client", "emulator.delivery", "emulator.server"})],
)
def test_the_network_libraries_have_one_place_each(library: str, only: set[str]) -> None:
    users = {name for name, path in modules().items() if any(i.split(".")[0] == library for i in imports(path))}
    assert users == only


def test_only_the_engine_starts_tasks() -> None:
    starters = {
        name
        for name, path in modules().items()
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Attribute) and node.attr in {"start_soon", "create_task", "create_task_group", "gather"}
    }
    assert starters == {"walking.engine"}


def test_the_version_is_printed_without_importing_anything_heavy() -> None:
    code = (
        "import sys\n"
        "from crawler.cli import _run\n"
        "assert _run(['--version']) == 0\n"
        "print(*sorted(m for m in sys.modules if m in {'aiohttp', 'anyio', 'asyncio', 'rich', 'msgspec', 'orjson'}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - ourselves
    assert done.stdout.splitlines()[1] == ""


def test_a_crawl_without_a_terminal_imports_no_rich() -> None:
    code = "import sys, crawler.run, crawler.progress, crawler.logs\nprint('rich' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - ourselves
    assert done.stdout == "False\n"
