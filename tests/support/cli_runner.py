"""Runs a command in this process: its exit code, and what it printed to each stream."""

import os
from collections.abc import Callable
from typing import Any, NamedTuple

import orjson
import pytest

from crawler.cli.run_command import run_command


class Said(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [orjson.loads(line) for line in self.out.splitlines()]


Say = Callable[..., Said]


def saying(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *command: str) -> Say:
    """Return a function that runs this command with more arguments and without the caller's settings."""
    for name in os.environ:
        if name.startswith(("SWR_CRAWLER_", "HW_", "OS_")):
            monkeypatch.delenv(name)

    def run(*arguments: object) -> Said:
        code = run_command([*command, *map(str, arguments)])
        return Said(code, *capfd.readouterr())

    return run


def ends_with_a_line(said: Said) -> bool:
    """Return whether a command found damage and said so in one line, or in the differences that it lists."""
    return said.code == 3 and (said.err.count("\n") == 1 or (not said.err and "difference" in said.out))
