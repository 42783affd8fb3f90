"""The fenced blocks of a Markdown page, their marks, and the commands of a block with their expected output (pure)."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Final, NamedTuple

PROMPT: Final = "$ "
CONTINUATION: Final = "> "

_FENCE: Final = re.compile(r"(?P<indent>\s*)(?P<fence>`{3,}|~{3,})\s*(?P<language>[^\s`]*)")
_MARK: Final = re.compile(r"<!-- (?P<kind>file|not run): (?P<value>.+?) -->")


class Block(NamedTuple):
    """One fenced block: `line` of its opening fence counted from 1, `lines` without the indent of the fence.

    `file` and `not_run` are the values of its marks, empty without one.
    """

    line: int
    indent: str
    language: str
    lines: tuple[str, ...]
    file: str = ""
    not_run: str = ""

    @property
    def text(self) -> str:
        """The block as a file would hold it."""
        return "".join(f"{line}\n" for line in self.lines)


class Example(NamedTuple):
    """One command, the output that the page shows, and where: `output_at` counts lines of the block from 0."""

    command: str
    output: tuple[str, ...]
    output_at: int


def blocks(page: str) -> Iterator[Block]:
    """Yield the fenced blocks of a page in order. Raise ValueError for a fence that is not closed."""
    lines = page.splitlines()
    marks: dict[str, str] = {}
    at = 0
    while at < len(lines):
        opening = _FENCE.fullmatch(lines[at])
        if opening is None:
            if found := _MARK.fullmatch(lines[at].strip()):
                marks[found["kind"]] = found["value"]
            elif lines[at].strip():
                marks = {}
            at += 1
            continue
        end = _closing(lines, at, opening["fence"])
        indent = opening["indent"]
        inner = tuple(line.removeprefix(indent) for line in lines[at + 1 : end])
        yield Block(at + 1, indent, opening["language"], inner, marks.get("file", ""), marks.get("not run", ""))
        marks = {}
        at = end + 1


def _closing(lines: list[str], opening: int, fence: str) -> int:
    for at in range(opening + 1, len(lines)):
        if lines[at].strip().startswith(fence) and not lines[at].strip().strip(fence[0]):
            return at
    raise ValueError(f"line {opening + 1}: the fence is not closed")


@cache
def outside_of_blocks(page: str) -> str:
    """Return the page with each line of a fenced block, fences included, replaced by an empty one."""
    lines = page.splitlines()
    for block in blocks(page):
        for at in range(block.line - 1, block.line + len(block.lines) + 1):
            lines[at] = ""
    return "".join(f"{line}\n" for line in lines)


def console_examples(block: Block, is_finished: Callable[[str], bool]) -> Iterator[Example]:
    """Yield the commands of a console block with the output below each.

    `is_finished` tells whether a shell would run the text or wait for more. Raise ValueError for output before the
    first command.
    """
    lines = block.lines
    at = 0
    while at < len(lines):
        if not lines[at].startswith(PROMPT):
            raise ValueError(f'line {block.line + at + 1}: expected a command that begins with "{PROMPT}"')
        command = lines[at].removeprefix(PROMPT)
        at += 1
        while at < len(lines) and lines[at].startswith(CONTINUATION) and not is_finished(command):
            command += "\n" + lines[at].removeprefix(CONTINUATION)
            at += 1
        start = at
        while at < len(lines) and not lines[at].startswith(PROMPT):
            at += 1
        yield Example(command, lines[start:at], start)


def shell_commands(block: Block, is_finished: Callable[[str], bool]) -> Iterator[Example]:
    """Yield the commands of a sh block, which shows no output; comments and empty lines are left out."""
    command = ""
    for at, line in enumerate(block.lines, start=1):
        command = f"{command}\n{line}" if command else line
        if at < len(block.lines) and not is_finished(command):
            continue
        if command.strip() and not all(part.lstrip().startswith("#") for part in command.strip().splitlines()):
            yield Example(command, (), at)
        command = ""
