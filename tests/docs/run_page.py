"""Runs the blocks of a page: `python -m tests.docs.run_page [--write] PAGE...`.

Prints each line that differs and exits with 1 when one does. With --write the page gets the real output instead.
"""

import os
import re
import shutil
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from crawler.emulator.inventory.ndjson import synthetic
from tests.docs.blocks import Block, Example, blocks, console_examples, shell_commands
from tests.docs.compare import differences, matches
from tests.docs.session import Session, expected_code, is_finished
from tests.support.emulator_fixture import serve

REASONS: Final = frozenset(
    ["installs packages", "needs a real account", "runs make", "runs another tool", "is a file of another tool"]
)
REFUSED_LANGUAGES: Final = frozenset({"bash", "shell", "zsh", "shell-session", "py", "pycon"})  # they would not be run
OPTIONAL_TOOLS: Final = ("jq",)

_SHOWS_CODE: Final = re.compile(r"echo \$\?")


class Difference(NamedTuple):
    """What a command did that the page does not show: where, what, and the `output` to show instead."""

    block: Block
    example: Example
    message: str
    output: tuple[str, ...]


def pages(root: Path) -> list[Path]:
    """Return the pages whose examples are run."""
    return [page for page in (root / "README.md", root / "CONTRIBUTING.md") if page.exists()] + sorted(
        (root / "docs").rglob("*.md")
    )


def run(text: str, session: Session) -> Iterator[Difference]:
    """Run the blocks of a page in order and yield what differs."""
    for block in blocks(text):
        if block.file:
            session.write(block.file, block.text)
        elif not block.not_run and not _lacks_a_tool(block):
            yield from _RUN.get(block.language, _leave)(block, session)


def _lacks_a_tool(block: Block) -> bool:
    used = (
        tool for tool in OPTIONAL_TOOLS if block.language in {"console", "sh"} and re.search(rf"\b{tool} ", block.text)
    )
    return any(shutil.which(tool) is None for tool in used) and "CI" not in os.environ


def _leave(_: Block, __: Session) -> Iterator[Difference]:
    yield from ()


def _run_console(block: Block, session: Session) -> Iterator[Difference]:
    examples = list(console_examples(block, is_finished))
    following = [*examples[1:], None]
    for example, after in zip(examples, following, strict=True):
        outcome = session.shell(example.command)
        shown = tuple(session.shown(outcome.output))
        code = expected_code(example.command)
        told = after is not None and _SHOWS_CODE.match(after.command)
        wrong_code = [f"exit code {outcome.code}, expected {code}"] * (outcome.code != code and not told)
        if found := [*wrong_code, *differences(example.output, shown)]:
            yield Difference(block, example, "\n".join(found), shown)


def _run_shell(block: Block, session: Session) -> Iterator[Difference]:
    for example in shell_commands(block, is_finished):
        outcome = session.shell(example.command)
        if outcome.code != (code := expected_code(example.command)):
            message = [f"exit code {outcome.code}, expected {code}", *outcome.output]
            yield Difference(block, example, "\n".join(message), ())


def _run_python(block: Block, session: Session) -> Iterator[Difference]:
    outcome = session.python(block.text)
    if outcome.code:
        yield Difference(block, Example("python", (), 0), "\n".join(outcome.output), ())


def _run_toml(block: Block, session: Session) -> Iterator[Difference]:
    tomllib.loads(block.text)
    file = session.write(".page.toml", block.text)
    command = f"swr-crawler config show --config {file}"
    outcome = session.shell(command)
    file.unlink()
    if outcome.code and not _NOT_HERE.search(outcome.output[-1]):
        yield Difference(block, Example(command, (), 0), "\n".join(outcome.output), ())


# What the check of certificates says of an example, after it has shown all settings: the files are a reader's.
_NOT_HERE: Final = re.compile(r"^swr-crawler: \w+: cannot read /[\w./-]+: No such file or directory;")

_RUN: Final = {"console": _run_console, "sh": _run_shell, "python": _run_python, "toml": _run_toml}


def with_output(text: str, found: list[Difference]) -> str:
    """Return the page with the output of each command that differs replaced by what it printed."""
    lines = text.splitlines()
    for block, example, _, output in reversed(found):
        if block.language == "console" and not matches(example.output, output):
            start = block.line + example.output_at
            lines[start : start + len(example.output)] = [f"{block.indent}{line}".rstrip() for line in output]
    return "".join(f"{line}\n" for line in lines)


def described(page: Path, found: list[Difference]) -> str:
    """Return what differs, for people."""
    return "\n".join(
        f"{page}:{block.line + example.output_at}: $ {example.command}\n{message}\n"
        for block, example, message, _ in found
    )


def main(arguments: list[str]) -> int:
    """Run pages and print what differs; the arguments are those of the command line."""
    failed = False
    with serve(synthetic(namespaces=20, repositories=2_000, seed=1)) as served:
        for page in (Path(argument).resolve() for argument in arguments if argument != "--write"):
            text = page.read_text(encoding="utf-8")
            with TemporaryDirectory() as folder, Session(Path(folder), served.endpoint) as session:
                found = list(run(text, session))
            sys.stdout.write(described(page, found))
            if "--write" in arguments:
                page.write_text(with_output(text, found), encoding="utf-8")
            failed = failed or bool(found)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
