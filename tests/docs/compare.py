"""How the output of a command is compared with what a page shows (pure): two wildcards and one normalizer."""

import re
from collections.abc import Sequence
from typing import Final

ANY: Final = "…"
HOME: Final = "/home/me"
HOST: Final = "https://HOST"

# What differs from run to run, and what stands for it, in this order. tests/docs/README.md lists it for writers.
_NORMALIZED: Final = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        ("[\u202f\u00a0]", " "),  # between the digits of a number
        (r"https://swr-api\.[a-z0-9.-]+|https?://127\.0\.0\.1:\d+", HOST),
        (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
        (r"\b\d{8}T\d{6}Z(-\d+)?", "ID"),
        (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|\+00:00|\b)", "TIME"),
        (r"\b[0-9a-f]{32,}\b", "DIGEST"),
        (r"\bswr-crawler(/| )\d+\.\d+\.\d+\S*", r"swr-crawler\1VERSION"),
        (r'("\w+_(?:s|ms|bytes)": ?)-?\d[\d.e-]*', r"\1N"),
        (r"\b\d+(\.\d+)? (ms|s|min|h)\b", "N s"),
        (r"\b\d+(\.\d+)? (B|bytes|[kKMGT]i?B)\b", "N bytes"),
        (r"[ \t]+", " "),
    )
)


def normalized(line: str) -> str:
    """Return a line of output with what differs from run to run replaced by fixed words."""
    for pattern, replacement in _NORMALIZED:
        line = pattern.sub(replacement, line)
    return line.strip()


def line_matches(expected: str, actual: str) -> bool:
    """Return whether a line of output is what the page shows, where `…` stands for any text."""
    parts = (re.escape(part) for part in normalized(expected).split(ANY))
    return re.fullmatch(".*".join(parts), normalized(actual)) is not None


def matches(expected: Sequence[str], actual: Sequence[str]) -> bool:
    """Return whether the output is what the page shows, where a line `…` stands for any number of lines."""
    reachable = {0}  # how many lines of `actual` the lines so far can account for
    for line in expected:
        if line.strip() == ANY:
            reachable = set(range(min(reachable, default=len(actual) + 1), len(actual) + 1))
        else:
            reachable = {at + 1 for at in reachable if at < len(actual) and line_matches(line, actual[at])}
    return len(actual) in reachable


def differences(expected: Sequence[str], actual: Sequence[str]) -> list[str]:
    """Return what differs, a line each; empty when `matches`."""
    if matches(expected, actual):
        return []
    shared = 0
    while shared < min(len(expected), len(actual)) and line_matches(expected[shared], actual[shared]):
        shared += 1
    shown = [f"  {line}" for line in actual[:shared]]
    return [*shown, *(f"- {line}" for line in expected[shared:]), *(f"+ {line}" for line in actual[shared:])]
