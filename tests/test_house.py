"""The rules of the house, checked in the source tree: layers, purity, sizes, names."""

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Final

import pytest

from crawler.snapshot import layout
from tests import layers
from tests.layers import EMULATOR, LAYERS, PACKAGE, UNDER_THE_EMULATOR, arrows, imports, layer_of, modules, pure

pytestmark = pytest.mark.unmeasured

# Modules for I/O, tasks, time and randomness. A SEEDED module may use `random`: its seed is an argument.
IMPURE = frozenset(
    [
        "aiohttp",
        "aiolimiter",
        "anyio",
        "asyncio",
        "click",
        "concurrent",
        "duckdb",
        "fcntl",
        "importlib",
        "io",
        "jinja2",
        "logging",
        "multiprocessing",
        "os",
        "pathlib.Path",
        "random",
        "resource",
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
SEEDED = frozenset({"emulator.inventory.synthetic", "emulator.faults.fault"})
# What a method of a pure module's class imports when it is called: the class is a value to all who do not call it.
DOORS = {"config.config": {"crawler.config.inputs", "crawler.config.inputs.resolve_arguments"}}  # Config.load
# The modules outside `cli` that read the environment of the process, for a Python program that calls them.
ENVIRONMENT_READERS = frozenset({"config.inputs"})

TESTS: Final = Path(__file__).parent

MAX_MODULES = 12  # in a folder
MAX_LINES = 300  # in a module
MAX_LINES_OF_CLASS = 120
MAX_ATTRIBUTES = 12  # that the methods of a class set

# Exemptions, each with its reason. An exemption that is no longer needed fails a test.
LONG_MODULES: dict[str, str] = {"emulator.faults.registry": "one table of all faults, and nothing else"}
LONG_CLASSES: dict[str, str] = {}
MANY_ATTRIBUTES: dict[str, str] = {}

# Folders whose names are imported when they are used.
LAZY = frozenset({"__init__", "emulator.__init__"})

# What changes the whole process.
PROCESS_WIDE = frozenset(
    [
        "faulthandler.enable",
        "gc.disable",
        "gc.enable",
        "gc.freeze",
        "gc.set_threshold",
        "locale.setlocale",
        "logging.basicConfig",
        "logging.captureWarnings",
        "logging.disable",
        "os._exit",
        "os.chdir",
        "os.environ",
        "os.getenv",
        "os.putenv",
        "os.umask",
        "signal.signal",
        "sys.argv",
        "sys.exit",
        "sys.setrecursionlimit",
        "sys.setswitchinterval",
        "threading.stack_size",
        "warnings.filterwarnings",
        "warnings.simplefilter",
    ]
)


def tree_of(name: str) -> ast.Module:
    return layers.tree_of(modules()[name])


def classes() -> Iterator[tuple[str, ast.ClassDef]]:
    for name in modules():
        yield from ((name, node) for node in ast.walk(tree_of(name)) if isinstance(node, ast.ClassDef))


def set_by_methods(node: ast.ClassDef) -> set[str]:
    return {
        inner.attr
        for inner in ast.walk(node)
        if isinstance(inner, ast.Attribute)
        and isinstance(inner.value, ast.Name)
        and inner.value.id == "self"
        and isinstance(inner.ctx, ast.Store)
    }


def circle_in(graph: dict[str, set[str]]) -> object:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return None


def is_impure(imported: str) -> bool:
    return imported in IMPURE or imported.split(".", maxsplit=1)[0] in IMPURE


def awaiting(tree: ast.Module) -> list[ast.AST]:
    """Return the nodes that await; a pure module may declare async methods of a Protocol."""
    declared = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base).startswith("Protocol") for base in node.bases)
        for inner in ast.walk(node)
    }
    kinds = ast.Await | ast.AsyncFunctionDef | ast.AsyncFor | ast.AsyncWith
    return [node for node in ast.walk(tree) if isinstance(node, kinds) and node not in declared]


def clocks(tree: ast.Module) -> list[str]:
    return [
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in {"now", "utcnow", "today", "monotonic", "perf_counter"}
        and isinstance(node.value, ast.Name)
        and node.value.id in {"datetime", "date", "time"}
    ]


# --- layers


def test_the_top_folder_holds_no_other_modules() -> None:
    assert {path.name for path in PACKAGE.iterdir() if path.is_file()} == {
        "__init__.py",
        "__main__.py",
        "errors.py",
        "py.typed",
    }


def test_every_folder_has_its_layer() -> None:
    assert {layer_of(name) for name in modules()} - {"__init__", "__main__"} == {*LAYERS, EMULATOR}


def test_imports_go_down_only() -> None:
    upward = [
        f"{name} -> {imported}"
        for name, found in arrows().items()
        for imported in found
        if layer_of(name) in LAYERS
        and layer_of(imported) in LAYERS
        and LAYERS.index(layer_of(imported)) < LAYERS.index(layer_of(name))
    ]
    assert not upward


def test_the_emulator_imports_only_shared_layers_and_only_the_command_line_imports_the_emulator() -> None:
    forbidden = [
        f"{name} -> {imported}"
        for name, found in arrows().items()
        for imported in found
        if (layer_of(name) == EMULATOR and layer_of(imported) not in {EMULATOR, *UNDER_THE_EMULATOR})
        or (layer_of(imported) == EMULATOR and layer_of(name) not in {EMULATOR, "cli"})
    ]
    assert not forbidden


def test_neither_modules_nor_folders_import_in_a_circle() -> None:
    folders: dict[str, set[str]] = {}
    for name, found in arrows().items():
        folder = name.rpartition(".")[0]
        folders.setdefault(folder, set()).update(other.rpartition(".")[0] for other in found)
    folders.pop("", None)
    assert circle_in(arrows()) is None
    assert circle_in({folder: found - {folder, ""} for folder, found in folders.items()}) is None


@pytest.mark.parametrize(
    ("library", "only"),
    [
        ("aiolimiter", {"swr.http"}),
        ("aiohttp", {"swr.http", "swr.http.network", EMULATOR}),
        ("yaml", {"config.credentials.tool_files"}),
        ("click", {"cli", "cli.commands", "cli.console"}),
    ],
)
def test_a_library_for_io_is_imported_in_one_place(library: str, only: set[str]) -> None:
    users = {name for name, path in modules().items() if any(i.split(".")[0] == library for i in imports(path))}
    assert {name.rpartition(".")[0] for name in users} == only


def test_tasks_start_in_five_modules_of_the_crawl_only() -> None:
    starters = {
        name
        for name in modules()
        for node in ast.walk(tree_of(name))
        if isinstance(node, ast.Attribute) and node.attr in {"start_soon", "create_task", "create_task_group", "gather"}
    }
    assert starters == {
        "crawl.clients.ask_each",
        "crawl.concurrency.stopping",
        "crawl.concurrency.tasks",
        "crawl.engine.engine",
        "crawl.engine.target_run",
    }


def test_only_the_command_line_changes_the_process_or_reads_its_environment() -> None:
    found = [
        f"{name}: {ast.unparse(node)}"
        for name in modules()
        if layer_of(name) != "cli"
        for node in ast.walk(tree_of(name))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in PROCESS_WIDE
        if not (name in ENVIRONMENT_READERS and ast.unparse(node) == "os.environ")
    ]
    found += [
        f"{name}: {imported}"
        for name in modules()
        if layer_of(name) != "cli"
        for imported in imports(modules()[name])
        if imported in PROCESS_WIDE
    ]
    assert not found


# --- purity


def test_a_pure_module_imports_nothing_impure() -> None:
    impure_modules = {f"crawler.{other}" for other in set(modules()) - set(pure()) if not other.endswith("__init__")}
    impure = {
        name: {imported for imported in imports(path) if is_impure(imported) or imported in impure_modules}
        - DOORS.get(name, set())
        - ({"random"} if name in SEEDED else set())
        for name, path in pure().items()
    }
    assert {name: found for name, found in impure.items() if found} == {}


@pytest.mark.parametrize("name", sorted(DOORS))
def test_only_a_function_imports_what_reads_for_a_pure_module(name: str) -> None:
    at_the_top = {node.module for node in tree_of(name).body if isinstance(node, ast.ImportFrom)}
    assert not at_the_top & DOORS[name]
    assert set(imports(pure()[name])) >= DOORS[name]


def test_a_pure_module_awaits_nothing_and_reads_no_clock() -> None:
    assert [name for name in pure() if awaiting(tree_of(name)) or clocks(tree_of(name))] == []


def test_a_module_that_could_be_pure_says_that_it_is() -> None:
    silent = [name for name in modules() if name not in pure() and not is_impure_module(name)]
    assert silent == []


def is_impure_module(name: str) -> bool:
    """Return whether something in a module makes it impure; one of a folder may only have a docstring."""
    tree = tree_of(name)
    if name.endswith("__init__"):
        return name in LAZY or len(tree.body) <= 1
    return bool(
        any(map(is_impure, imports(modules()[name]))) or awaiting(tree) or clocks(tree) or arrows()[name] - set(pure())
    )


# --- what Pythons do differently

ANSWERS_FALSE_ON_3_14 = {"exists", "is_dir", "is_fifo", "is_file", "is_symlink"}


def test_whether_a_path_is_there_is_asked_in_one_module() -> None:
    """`Path.exists` and its like return False for every error on Python 3.14: see crawler/files/presence.py.

    With an argument it is a method of os.DirEntry, which is the same on every Python.
    """
    found = [
        f"{name}: {ast.unparse(node)}"
        for name in modules()
        for node in ast.walk(tree_of(name))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ANSWERS_FALSE_ON_3_14
        if not node.args and not node.keywords
    ]
    assert not found


def test_no_folder_is_listed_by_glob() -> None:
    """`Path.glob` takes a folder that fails for an empty one since Python 3.12: see crawler/files/tree.py."""
    found = [
        f"{name}: {ast.unparse(node)}"
        for name in modules()
        for node in ast.walk(tree_of(name))
        if isinstance(node, ast.Attribute) and node.attr in {"glob", "rglob", "iglob"}
    ]
    assert not found


# --- regular expressions

POSSESSIVE_GROUP: Final = re.compile(r"(?<!\\)\)(?:[*+?]|\{\d*,?\d*\})\+")
POSSESSIVE: Final = re.compile(r"(?:[*+?]|\{\d*,?\d*\})\+")


def repeats_a_group_possessively(pattern: str) -> bool:
    """Return whether a pattern has `(...)*+` or the like, or begins with a possessive quantifier for what precedes."""
    return bool(POSSESSIVE_GROUP.search(pattern) or POSSESSIVE.match(pattern))


def may_hold_possessive(source: str) -> bool:
    """Return whether one of the literals of a module may, also where a pattern is put together of several."""
    return bool(POSSESSIVE.search(re.sub(r"""[\s"'bfrBFR]""", "", source)))


def pattern_parts(tree: ast.Module) -> Iterator[str]:
    """Yield the string and bytes literals of a module; what stands between two of a pattern is taken for a group."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.Constant) and isinstance(node.value, bytes):
            yield from re.split("%[bsr]", node.value.decode("latin-1"))


@pytest.mark.parametrize("pattern", ["(?:a|b)*+", "(a){2,3}+c", "(a)?+", "(a)++", "*+b"])
def test_a_possessive_group_is_seen(pattern: str) -> None:
    assert repeats_a_group_possessively(pattern)
    half = len(pattern) - 2
    assert may_hold_possessive(f'A = (\n    r"{pattern[:half]}"\n    rb"{pattern[half]}" "{pattern[half + 1 :]}")')


@pytest.mark.parametrize("pattern", ["[ab]*+", "(?:a++|b)*", "(?>(?:a|b)*)", r"\)++", "[a-z]{1,3}+"])
def test_a_possessive_character_class_is_no_possessive_group(pattern: str) -> None:
    assert not repeats_a_group_possessively(pattern)


def test_no_pattern_repeats_a_group_possessively() -> None:
    """Python before 3.11.5, Debian 12's among them, matches `(?:ab?c)*+` wrongly: it says that it matches an "a".

    https://github.com/python/cpython/issues/106052. `(?>(?:ab?c)*)` says the same and is matched right.
    """
    found = [
        f"{path}: {part}"
        for path in [*modules().values(), *TESTS.rglob("*.py")]
        if path.name != "test_house.py"
        if may_hold_possessive(text := path.read_text(encoding="utf-8"))
        for part in pattern_parts(ast.parse(text))
        if repeats_a_group_possessively(part)
    ]
    assert not found


# --- what reaches a terminal


def test_all_text_for_people_is_written_where_it_is_escaped() -> None:
    writers = {
        name
        for name in modules()
        for node in ast.walk(tree_of(name))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func)
        in {"click.echo", "click.secho", "print", "sys.stdout.write", "sys.stderr.write", "sys.stdout.buffer.write"}
    }
    assert writers == {
        "cli.console.output",
        "cli.commands.report",  # a page of HTML, to standard output
    }


def test_there_is_one_function_that_escapes_for_terminals() -> None:
    judging_characters = {
        name
        for name in modules()
        for node in ast.walk(tree_of(name))
        if isinstance(node, ast.GeneratorExp | ast.ListComp | ast.SetComp)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Attribute) and inner.attr in {"isprintable", "isascii", "isalnum"}
    }
    assert judging_characters == {
        "text.human",
        "text.escapes",  # removes what a secret is not made of, to find it
    }


# --- names of files


def strings(tree: ast.Module) -> Iterator[str]:
    """Yield the strings of a module, without docstrings."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            node.value = ast.Constant(None)
    yield from (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))


def test_every_name_of_a_file_in_an_output_is_declared_in_one_place() -> None:
    named = {value for name, value in vars(layout).items() if name.isupper() and isinstance(value, str)}
    in_prose = {layout.LATEST, layout.PREVIOUS, layout.JOURNAL, layout.UNPUBLISHED}  # words, too
    parts = re.compile("|".join(map(re.escape, {*named - in_prose, "part-0", "snapshot=", "center=", "target="})))
    found = {
        (name, text)
        for name, path in modules().items()
        if name != "snapshot.layout"
        and layer_of(name) not in {EMULATOR, "swr"}  # center= is a parameter of the service, too
        for text in strings(ast.parse(path.read_bytes()))
        if parts.search(text)
    }
    assert found == set()


def test_of_a_crawl_the_observers_alone_log() -> None:
    loggers = {name for name, path in modules().items() if layer_of(name) == "crawl" and "logging" in imports(path)}
    assert loggers == {"crawl.observing.log_observer", "crawl.observing.observers"}


def test_what_decides_in_a_crawl_is_pure() -> None:
    scheduling = {name for name in modules() if name.startswith("crawl.scheduling.")}
    assert scheduling | {"walk.retry_policy"} <= set(pure())


# --- sizes and names


def test_no_folder_holds_too_many_modules() -> None:
    counted = Counter(path.parent for path in modules().values() if path.name != "__init__.py")
    assert {str(folder) for folder, count in counted.items() if count > MAX_MODULES} == set()


def test_a_long_module_is_listed_with_its_reason() -> None:
    long = {name for name, path in modules().items() if path.read_bytes().count(b"\n") > MAX_LINES}
    assert long == set(LONG_MODULES)


def test_a_long_class_is_listed_with_its_reason() -> None:
    long = {node.name for _, node in classes() if (node.end_lineno or 0) - node.lineno >= MAX_LINES_OF_CLASS}
    assert long == set(LONG_CLASSES)


def test_a_class_with_many_attributes_is_listed_with_its_reason() -> None:
    many = {node.name for _, node in classes() if len(set_by_methods(node)) > MAX_ATTRIBUTES}
    assert many == set(MANY_ATTRIBUTES)


def test_a_class_name_is_defined_once() -> None:
    counted = Counter(node.name for _, node in classes())
    assert {name: count for name, count in counted.items() if count > 1} == {}


def test_no_function_is_exempt_from_the_complexity_limit() -> None:
    exempt = [
        name for name, path in modules().items() if re.search(rb"noqa:[^#]*\b(C901|PLR0912|PLR0915)", path.read_bytes())
    ]
    assert not exempt


# --- what starts fast


def test_the_version_is_printed_without_importing_anything_heavy() -> None:
    code = (
        "import sys\n"
        "from crawler.cli.run_command import run_command\n"
        "assert run_command(['--version']) == 0\n"
        "print(*sorted(m for m in sys.modules if m in {'aiohttp', 'anyio', 'asyncio', 'rich', 'msgspec', 'orjson'}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - ourselves
    assert done.stdout.splitlines()[1] == ""


def test_a_crawl_without_a_terminal_imports_no_rich() -> None:
    needed = "crawler.crawl.run, crawler.cli.console.progress, crawler.cli.console.logs"
    code = f"import sys, {needed}\nprint('rich' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - ourselves
    assert done.stdout == "False\n"
