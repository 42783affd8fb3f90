"""What code and pages refer to: anchors, links, files of the repository, modules of the package.

Text in, names out; only `Tree` looks at files.
"""

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import unquote

from tests.docs.blocks import outside_of_blocks

# swr-api.md#a, #b; the list may go on in the next line, of a comment too.
_CITATION: Final = re.compile(r"([\w./-]+\.md)((?:#[A-Za-z0-9_-]+)(?:,\s*(?:# )?\s*#[A-Za-z0-9_-]+)*)")
_ANCHOR: Final = re.compile(r"""<a\s+(?:id|name)=["']([^"']+)["']""")
_HEADING: Final = re.compile(r"^ {0,3}#{1,6}\s+(.*?)\s*#*\s*$", re.MULTILINE)
_CODE: Final = re.compile(r"(`+)(.+?)\1")
_LINK: Final = re.compile(
    r"""\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)|^\s*\[[^\]^]+\]:\s+(\S+)|(?:href|src)="([^"]+)\"""", re.MULTILINE
)

_CODE_FILE: Final = r"(?:py|html|css|js)"  # named without its folder too
_SOURCE: Final = r"(?:py|html|css|js|md|toml|txt|cfg|sh)"  # not what a run writes, such as json and ndjson
_TOP: Final = r"(?:crawler|tests|docs|config|contrib|\.ci)"
_PATH: Final = re.compile(
    r"(?<![\w./:=<>*{}~@$-])("
    rf"[\w-]+\.{_CODE_FILE}(?![\w*]|\.\w)"
    rf"|(?:[\w.-]+/)+[\w-]+\.{_SOURCE}(?![\w*]|\.\w)"
    rf"|{_TOP}/(?:[\w.-]+/)*[\w-]*(?![\w*.])"
    ")"
)
_MODULE: Final = re.compile(r"(?<![\w./-])crawler(?:\.[A-Za-z_]\w*)+(?![\w(-])")
# Files of other projects and of a run.
_ELSEWHERE: Final = ("huaweicloudsdk", "output/", "site-packages/")

_Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


class Mention(NamedTuple):
    """Something that a file mentions, and the line, counted from 1."""

    line: int
    text: str


def citations(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, page and anchor of each citation `page.md#anchor, #anchor`."""
    for found in _CITATION.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        for anchor in re.findall(r"#([A-Za-z0-9_-]+)", found[2]):
            yield line, found[1], anchor


def prose(code: str) -> Iterator[Mention]:
    """Yield the docstrings and comments of a module."""
    yield from comments(code)
    yield from docstrings(code)


def names_in_comments(code: str) -> bool:
    """Return whether a comment of a module may name a file or a module: to find the comments themselves takes long."""
    ends = "\n".join(line[line.index("#") :] for line in code.splitlines() if "#" in line)
    return bool(_PATH.search(ends) or _MODULE.search(ends))


def comments(code: str) -> Iterator[Mention]:
    """Yield the comments of a module."""
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.COMMENT:
            yield Mention(token.start[0], token.string)


def docstrings(code: str) -> Iterator[Mention]:
    """Yield the docstrings of a module, and of its functions and classes."""
    for node in _documented(ast.parse(code)):
        docstring = ast.get_docstring(node, clean=False)
        if docstring is not None:
            yield Mention(node.body[0].lineno, docstring)


def _documented(node: ast.AST) -> Iterator[_Documented]:
    """Yield the nodes that may have a docstring. Most nodes are expressions, and no expression has one."""
    if isinstance(node, _Documented):
        yield node
    for inner in ast.iter_child_nodes(node):
        if not isinstance(inner, ast.expr):
            yield from _documented(inner)


def paths(mention: Mention) -> Iterator[Mention]:
    """Yield the source files and folders of a repository that a text names."""
    for found in _PATH.finditer(mention.text):
        if not found[1].startswith(_ELSEWHERE):
            yield Mention(mention.line + mention.text.count("\n", 0, found.start()), found[1])


def module_names(mention: Mention) -> Iterator[Mention]:
    """Yield the dotted names of the package, `crawler.walk.walk.Walk`, that a text holds."""
    for found in _MODULE.finditer(mention.text):
        if not found[0].endswith(("crawler.toml", "crawler.py")):
            yield Mention(mention.line + mention.text.count("\n", 0, found.start()), found[0])


def inline_code(page: str) -> Iterator[Mention]:
    """Yield what a page sets in backticks outside of blocks."""
    for number, line in enumerate(outside_of_blocks(page).splitlines(), start=1):
        yield from (Mention(number, found[2].strip()) for found in _CODE.finditer(line))


def links(page: str) -> Iterator[Mention]:
    """Yield the targets of the links of a page that point into the repository."""
    text = _CODE.sub("", outside_of_blocks(page))
    for found in _LINK.finditer(text):
        target = next(filter(None, found.groups()))
        if not re.match(r"[a-z][a-z0-9+.-]*:", target):
            yield Mention(text.count("\n", 0, found.start()) + 1, unquote(target))


@cache
def anchors(page: str) -> list[str]:
    """Return the fragments that links into a page may have, as GitHub makes them: of headings and of `<a id>`."""
    text = outside_of_blocks(page)
    slugs = [_slug(heading) for heading in _HEADING.findall(text)]
    met: Counter[str] = Counter()
    found = []
    for slug in slugs:
        found.append(f"{slug}-{met[slug]}" if met[slug] else slug)
        met[slug] += 1
    return [*found, *_ANCHOR.findall(text)]


def _slug(heading: str) -> str:
    text = re.sub(r"<[^>]+>", "", heading)
    text = re.sub(r"!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])", r"\1", text)
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


class Tree:
    """The repository at `root`, asked whether it has what a text names."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def sources(self, *folders: str) -> list[Path]:
        """Return the Python files of some folders."""
        return sorted(path for folder in folders for path in (self.root / folder).rglob("*.py"))

    def pages(self) -> list[Path]:
        """Return the Markdown files that people read."""
        loose = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "output/README.md")
        folders = ("docs", "contrib", "config", "tests")
        found = [path for name in loose if (path := self.root / name).exists()]
        return found + sorted(path for folder in folders for path in (self.root / folder).rglob("*.md"))

    def has(self, named: str, beside: Path) -> bool:
        """Return whether a path exists: from the root, in the package, or in the folder of the file that names it.

        A name without a folder may be anywhere below that folder.
        """
        starts = (self.root, self.root / "crawler", beside.parent)
        if any((start / named).exists() for start in starts):
            return True
        return "/" not in named and next(beside.parent.rglob(named), None) is not None

    def has_name(self, dotted: str) -> bool:
        """Return whether a dotted name is a module of the package, or a name that a module defines."""
        parts = dotted.split(".")
        for count in range(len(parts), 0, -1):
            module = self.root.joinpath(*parts[:count])
            file = module.with_suffix(".py") if count > 1 else module / "__init__.py"
            file = file if file.exists() else module / "__init__.py"
            if file.exists():
                return count == len(parts) or parts[count] in _defined(file)
        return False


@cache
def _defined(file: Path) -> frozenset[str]:
    found: set[str] = set()
    for node in ast.parse(file.read_bytes()).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
        else:
            found.update(part.id for part in ast.walk(node) if isinstance(part, ast.Name))
            # What a package imports when it is used, it names for type checkers, in a condition.
            imported = (part for part in ast.walk(node) if isinstance(part, ast.ImportFrom))
            found.update(alias.asname or alias.name for part in imported for alias in part.names)
    return frozenset(found)
