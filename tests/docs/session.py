"""One shell session for one page: a folder, an environment that lasts, and the commands that run in them.

`swr-crawler` with plain arguments runs in this process, which takes a tenth of the time; what it prints may go to a
file or into a pipe. Every other command runs in bash, whose environment and folder at its end are those of the next
command.
"""

import gc
import os
import re
import runpy
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cache, reduce
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO, Final, NamedTuple, Self, TextIO

from tests.docs.compare import HOME, HOST
from tests.docs.placeholders import PORTS, substituted, values

ROOT: Final = Path(__file__).parents[2]
PROGRAM: Final = "swr-crawler"

_FOREIGN: Final = ("SWR_CRAWLER_", "HW_", "OS_", "HUAWEI")  # whatever the caller's environment says of a cloud
_BEFORE: Final = "trap '__code=$?; env -0 > \"$__STATE\"; exit $__code' EXIT\n"
_QUOTED: Final = re.compile(r"""'[^']*'|"[^"$`\\]*\"""")  # nothing in these is special to a shell
_SPECIAL: Final = re.compile(r"""[$`\\|&;<>(){}*?\[\]~"'!\n]""")
_REDIRECTED: Final = re.compile(
    r"""(?P<left>[^$`\\|&;<>(){}*?\[\]~"'!\n]*?[^\s\d$`\\|&;<>(){}*?\[\]~"'!\n])(?P<both>\s+2>&1)?\s*"""
    r"""(?:\|(?P<pipe>[^|&].*)|>(?P<file>[^$`\\|&;<>(){}*?\[\]~"'!\n]+))""",
    re.DOTALL,
)
_EXIT_CODE: Final = re.compile(r"#.*\bexit code (\d+)")
_STARTS_EMULATOR: Final = re.compile(rf"{PROGRAM} emulate\b.*--port .*&\s*(?:#.*)?")
_START_S: Final = 20
_COMMAND_S: Final = 180


class Outcome(NamedTuple):
    """The exit code of a command, and the lines of standard output and standard error as a terminal shows them."""

    code: int
    output: tuple[str, ...]


@cache
def is_finished(text: str) -> bool:
    """Return whether a shell would run the text rather than wait for another line."""
    if text.endswith("\\"):
        return False
    checked = subprocess.run(["bash", "-n", "-c", text], capture_output=True, text=True, check=False)  # noqa: S603, S607
    return not re.search("unexpected end of file|unexpected EOF|here-document", checked.stderr)


def expected_code(command: str) -> int:
    """Return the exit code that the page says a command has."""
    found = _EXIT_CODE.search(command)
    return int(found[1]) if found else 0


class Direct(NamedTuple):
    """A command that needs no shell but for what is done with its output.

    `consumer` is what reads standard output, empty when it is shown; with `both` it reads standard error too. The exit
    code is that of the program with `own_code`, as for a redirection, else that of the consumer, as for a pipe.
    """

    arguments: tuple[str, ...]
    consumer: str = ""
    both: bool = False
    own_code: bool = True


def direct(command: str) -> Direct | None:
    """Return a command that is `swr-crawler` with plain arguments, None for anything else."""
    if not command.startswith(f"{PROGRAM} "):
        return None
    text = re.sub(r"\s+#.*$", "", command)
    masked = _QUOTED.sub(lambda quoted: "x" * len(quoted[0]), text)
    if not _SPECIAL.search(masked):
        return Direct(tuple(shlex.split(text)[1:]))
    found = _REDIRECTED.fullmatch(masked)
    if found is None:
        return None
    arguments = tuple(shlex.split(text[: found.end("left")])[1:])
    if found["file"]:
        return Direct(arguments, f"cat >{text[found.start('file') :]}", bool(found["both"]))
    return Direct(arguments, text[found.start("pipe") :], bool(found["both"]), own_code=False)


class Session:
    """The shell session of one page, in `folder`, against the service at `endpoint`. A context manager.

    `python` and `shell` return outcomes; `write` and the commands replace the placeholders of the page.
    """

    def __init__(self, folder: Path, endpoint: str) -> None:
        self._home = folder / "home"
        self._folder = self._home
        self._state = folder / "state"
        self._endpoint = endpoint
        self._values = values(endpoint, _free_ports(len(PORTS)))
        self._code = 0
        self._emulators: list[subprocess.Popen[bytes]] = []
        commands = folder / "bin"
        commands.mkdir(parents=True)
        for name, arguments in ((PROGRAM, " -m crawler"), ("python", ""), ("python3", "")):
            (commands / name).write_text(f'#!/bin/sh\nexec "{sys.executable}"{arguments} "$@"\n')
            (commands / name).chmod(0o755)
        self._home.mkdir()
        shutil.copytree(ROOT / "config", self._home / "config")
        self._environment = _environment(commands, self._home, self._values["token"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for emulator in self._emulators:
            emulator.terminate()
        for emulator in self._emulators:
            emulator.wait()

    def write(self, name: str, text: str) -> Path:
        """Write a file of the page and return its path."""
        file = self._folder / name.replace("~", str(self._home), 1)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(substituted(text, self._values), encoding="utf-8")
        return file

    def shell(self, command: str) -> Outcome:
        """Run one command of a page."""
        text = substituted(command, self._values)
        if _STARTS_EMULATOR.fullmatch(text.replace("\\\n", "")):
            return self._start_emulator(text)
        command_here = direct(text)
        with _captured() as (output, lines):
            if command_here is None:
                self._code = self._bash(text, output)
            else:
                self._code = self._direct(command_here, output)
        return Outcome(self._code, tuple(lines))

    def python(self, text: str) -> Outcome:
        """Run a program of a page."""
        file = self.write(".program.py", text)
        with _captured() as (output, lines):
            self._code = self._bash(f"python {shlex.quote(str(file))}", output)
        return Outcome(self._code, tuple(lines))

    def shown(self, lines: tuple[str, ...]) -> list[str]:
        """Return output as a page would show it: with the reader's host and folder in place of the test's."""
        replaced = {str(self._home): HOME, self._endpoint: HOST}
        replaced |= {f"127.0.0.1:{self._values[port]}": f"127.0.0.1:{port}" for port in PORTS}
        return [reduce(lambda text, pair: text.replace(*pair), replaced.items(), line).rstrip() for line in lines]

    def _direct(self, command: Direct, output: BinaryIO) -> int:
        if not command.consumer:
            return _in_process(command.arguments, self._folder, self._environment)
        with TemporaryFile() as piped:
            with _redirected(piped, (1, 2) if command.both else (1,)):
                code = _in_process(command.arguments, self._folder, self._environment)
            piped.seek(0)
            of_consumer = self._bash(command.consumer, output, piped)
        return code if command.own_code else of_consumer

    def _bash(self, text: str, output: BinaryIO, read: BinaryIO | int = subprocess.DEVNULL) -> int:
        script = f"{_BEFORE}(exit {self._code})\n{text}\n"
        done = subprocess.run(  # noqa: S603 - the pages are ours
            ["bash", "-c", script],  # noqa: S607
            stdin=read,
            stdout=output,
            stderr=output,
            cwd=self._folder,
            env={**self._environment, "__STATE": str(self._state)},
            check=False,
            timeout=_COMMAND_S,
        )
        pairs = (pair.partition("=") for pair in self._state.read_text().split("\0") if pair)
        self._environment = {name: value for name, _, value in pairs if name != "__STATE"}
        self._folder = Path(self._environment["PWD"])
        return done.returncode

    def _start_emulator(self, text: str) -> Outcome:
        arguments = shlex.split(text.replace("\\\n", "").rpartition("&")[0])[1:]
        file = self._state.with_name(f"emulator-{len(self._emulators)}")
        with file.open("wb") as output:
            started = subprocess.Popen(  # noqa: S603 - ourselves
                [sys.executable, "-m", "crawler", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self._folder,
                env=self._environment,
            )
        self._emulators.append(started)
        port = int(arguments[arguments.index("--port") + 1])
        until = time.monotonic() + _START_S
        while not _listens(port):
            if started.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{text} does not listen: {file.read_text()}")
            time.sleep(0.02)
        return Outcome(0, tuple(file.read_text().splitlines()))


def _environment(commands: Path, home: Path, token: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    return {
        **kept,
        "PATH": f"{commands}{os.pathsep}{kept.get('PATH', os.defpath)}",
        "PYTHONPATH": str(ROOT),
        "HOME": str(home),
        "PWD": str(home),
        "COLUMNS": "100",
        "TERM": "dumb",
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "SWR_CRAWLER_TOKEN": token,
    }


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        listening = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in listening:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in listening]


def _listens(port: int) -> bool:
    with socket.socket() as connecting:
        return connecting.connect_ex(("127.0.0.1", port)) == 0


def _in_process(arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> int:
    """Run `python -m crawler` here, as its own process would, and return the exit code."""
    before, at, argv = dict(os.environ), Path.cwd(), sys.argv
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = [PROGRAM, *arguments]
    try:
        runpy.run_module("crawler", run_name="__main__")
    except SystemExit as ended:
        return int(ended.code or 0)
    finally:
        gc.unfreeze()  # a crawl freezes what was there before it, as a process of its own may
        sys.argv = argv
        os.chdir(at)
        os.environ.clear()
        os.environ.update(before)
    raise AssertionError("python -m crawler ended without an exit code")


@contextmanager
def _captured() -> Iterator[tuple[BinaryIO, list[str]]]:
    """Send both standard streams, those of child processes too, to one file; its lines are in the list at the end."""
    lines: list[str] = []
    with TemporaryFile() as file:
        with _redirected(file, (1, 2)):
            yield file, lines
        file.seek(0)
        lines.extend(file.read().decode(errors="replace").splitlines())


@contextmanager
def _redirected(file: BinaryIO, descriptors: tuple[int, ...]) -> Iterator[None]:
    streams: tuple[Any, Any] = sys.stdout, sys.stderr
    for stream in streams:
        stream.flush()
    kept = [os.dup(descriptor) for descriptor in descriptors]
    try:
        for descriptor in descriptors:
            os.dup2(file.fileno(), descriptor)
        sys.stdout, sys.stderr = _text(1), _text(2)
        yield
    finally:
        with suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        sys.stdout, sys.stderr = streams
        for descriptor, old in zip(descriptors, kept, strict=True):
            os.dup2(old, descriptor)
            os.close(old)


def _text(descriptor: int) -> TextIO:
    return os.fdopen(descriptor, "w", encoding="utf-8", buffering=1, closefd=False)
