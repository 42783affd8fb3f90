"""Markdown from the tables of the code (pure): plain text made fit for a page, rows made a table."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

# What a reader types or meets in a file, and so is set as code: flags, variables, keys, files, references.
_LITERAL: Final = re.compile(
    r"(?<![\w`./-])("
    r"--[a-z][a-z-]*(?:/--[a-z-]+)?"
    r"|swr-crawler (?:config show|[a-z]+)"
    r"|\[\[?(?:crawl|target|audit|basic)\]?\]"
    r"|(?:env|file|profile):[A-Z]+(?:\.[A-Z]+)?"
    r"|(?:SWR_CRAWLER|HUAWEICLOUD_SDK|HW|OS|HUAWEI)_(?:[A-Z0-9_]*[A-Z0-9]|…)"
    r"|output/[\w.-]*\w"
    r"|(?:config|docs|crawler|tests)/[\w./-]+\w"
    r"|_[A-Za-z]+(?:\.[a-z]+)?"
    r"|[a-z]\w*\.(?:json|ndjson|toml|html)"
    r"|[a-z][a-z0-9]*(?:_[a-z0-9]+)+"
    r")(?![\w*])"
)
_CITATION: Final = re.compile(r"(\(?\bswr-api\.md#[a-z0-9-]+(?:, #[a-z0-9-]+)*\)?)")
_KEPT: Final = re.compile(r"(`[^`]+`|\[[^\]]+\]\([^)\s]+\))")
_LISTS_VALUES: Final = re.compile(
    r"[a-z]+(?:[:,]| \(default| or )"
)  # "auto, token or …": not the first word of a sentence
_MARKUP: Final = re.compile(r"([*_\[\]<\\])")


def code(text: str) -> str:
    """Return text set as code, nothing for nothing."""
    return f"`{text}`" if text else ""


def prose(text: str) -> str:
    """Return plain text as Markdown on one line: literals set as code, citations as links; code and links stay."""
    parts = _KEPT.split(" ".join(text.split()))
    return "".join(part if at % 2 else _plain(part) for at, part in enumerate(parts))


def _plain(text: str) -> str:
    return "".join(_links(part) if at % 2 else _words(part) for at, part in enumerate(_CITATION.split(text)))


def _words(text: str) -> str:
    parts = _LITERAL.split(text)
    return "".join(code(part) if at % 2 else _MARKUP.sub(r"\\\1", part) for at, part in enumerate(parts))


def _links(citation: str) -> str:
    anchors = re.findall(r"#[a-z0-9-]+", citation)
    linked = ", ".join(f"[{anchor[1:].replace('-', ' ')}](swr-api.md{anchor})" for anchor in anchors)
    return f"({linked})" if citation.startswith("(") else linked


def sentence(text: str) -> str:
    """Return text with a capital and a full stop, as prose."""
    text = text.strip()
    if not (_LITERAL.match(text) or _LISTS_VALUES.match(text)):
        text = text[:1].upper() + text[1:]
    return prose(text if not text or text.endswith((".", "!", "?")) else f"{text}.")


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of Markdown cells; a cell without text is a hyphen."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("\n", " ").replace("|", "\\|") or "-"
