"""Runs commands in processes that get a signal at a chosen instant of their life; no clock is involved.

An instant is an audit event of Python (an import, a file that is opened, a socket, a thread …), counted from the call
of the entry point to the last module that Python takes apart. The script forks each process from itself, so that what
it has imported decides what the sweep is about: nothing, and every import is in it; everything, and it is quick.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import orjson

_EVERYTHING: Final = (
    "crawler.cli.run_command",
    "crawler.cli.commands.audit",
    "crawler.cli.commands.crawl",
    "crawler.cli.commands.demo",
    "crawler.cli.commands.diff",
    "crawler.cli.commands.emulate",
    "crawler.cli.commands.plan",
    "crawler.cli.commands.verify",
    "crawler.cli.console.progress",
    "crawler.cli.console.summary_json",
    "crawler.crawl.run",
)


class Shot(NamedTuple):
    """What to run: the arguments, and the signals with the number of the event before which each of them comes."""

    arguments: Sequence[str]
    signals: Sequence[tuple[int, int]] = ()


class Ended(NamedTuple):
    """How a process ended: its exit code, negative for a signal that killed it, what it printed, and its events."""

    code: int
    out: str
    err: str
    events: int


class Sweep:
    """A process that forks those of the sweep."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    def run(self, shot: Shot) -> Ended:
        """Run one process to its end."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(orjson.dumps(list(shot)) + b"\n")
        self._process.stdin.flush()
        return Ended(*orjson.loads(self._process.stdout.readline()))


@contextmanager
def sweep(environ: dict[str, str], *, imported: bool) -> Iterator[Sweep]:
    """Yield a sweep; `imported` when its processes have imported everything already."""
    script = [sys.executable, "-c", _SCRIPT, str(int(imported))]
    inherited = {name: text for name, text in os.environ.items() if not name.startswith("COVERAGE")}
    with subprocess.Popen(  # noqa: S603 - ourselves
        script, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**inherited, **environ}
    ) as process:
        yield Sweep(process)
        assert process.stdin is not None
        process.stdin.close()


_SCRIPT: Final = f"""
import importlib.util, sys
spec = importlib.util.spec_from_file_location("signal_script", {str(Path(__file__).with_name("signal_script.py"))!r})
script = importlib.util.module_from_spec(spec)
spec.loader.exec_module(script)
if sys.argv[1] == "1":
    for name in {_EVERYTHING!r}:
        importlib.import_module(name)
script.serve()
"""
