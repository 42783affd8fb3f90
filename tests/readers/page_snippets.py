"""The snippets of docs/how-to/read.md, and a process that runs one of them in several folders."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import pytest

from tests.docs.blocks import blocks

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs/how-to/read.md"
READERS: Final = ROOT / ".venv-readers/bin/python"  # made by `make readers`

# In each folder: the code, then what prints its result as JSON, which `say` takes.
_RUN: Final = """
import json, os, pathlib, sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.abspath(sys.argv[2]))
code, results = pathlib.Path(sys.argv[1]).read_text(), []
for folder in sys.argv[2:]:
    os.chdir(folder)
    exec(compile(code, "snippet", "exec"), {"say": results.append})
print(json.dumps(results, default=str), file=sys.stderr)
"""


def snippet(heading: str, language: str = "python") -> str:
    """Return the first block in a language below a heading of the page."""
    text = PAGE.read_text(encoding="utf-8")
    start = text.index(f"# {heading}\n")
    return next(block.text for block in blocks(text[start:]) if block.language == language)


def needed(*libraries: str) -> Path:
    """Return a Python that has these libraries: this one, or that of `make readers`. Skip the test without one."""
    if all(find_spec(library.partition(".")[0]) for library in libraries):
        return Path(sys.executable)
    if not READERS.is_file():
        skip(f"not installed here: {', '.join(libraries)}; `make readers` installs them and runs this")
    return READERS


def skip(reason: str) -> None:
    """Skip a test; fail it where `make readers` runs, which must skip nothing."""
    assert os.environ.get("READERS") != "required", reason
    pytest.skip(reason)


def results_of(python: Path, code: str, folders: list[Path], scratch: Path) -> list[Any]:
    """Return what `code` says in each folder. Raise RuntimeError when it fails; warnings are errors."""
    (scratch / "snippet.py").write_text(code, encoding="utf-8")
    command = [python, "-W", "error", "-c", _RUN, scratch / "snippet.py", *(folder.resolve() for folder in folders)]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)  # noqa: S603 - ours
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: list[Any] = json.loads(done.stderr.splitlines()[-1])
    return found
