"""Whatever code and pages refer to is there: anchors, links, files, modules."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.docs.citations import (
    Mention,
    Tree,
    anchors,
    citations,
    docstrings,
    inline_code,
    links,
    module_names,
    names_in_comments,
    paths,
    prose,
)

pytestmark = pytest.mark.unmeasured

TREE = Tree(Path(__file__).parents[2])
SPECIFICATION = TREE.root / "docs" / "reference" / "swr-api.md"
# How sources were cited before the specification was a page.
OLD_CITATIONS = re.compile(r"\bFACTS\b|(?i:\bthe page, table\b|\bshared design\b|list-shared-images\.txt)")
# These hold examples of what is looked for.
EXAMPLES = {
    Path(__file__).with_name(name)
    for name in ("citations.py", "test_anchors.py", "test_citations.py", "test_markdown.py")
}


def files() -> Iterator[tuple[Path, str]]:
    for path in [*TREE.sources("crawler", "tests"), *TREE.pages()]:
        if path not in EXAMPLES:
            yield path, path.read_text(encoding="utf-8")


@cache
def prose_of_all_modules() -> list[tuple[Path, Mention]]:
    """Return the docstrings of all modules, and the comments of those that name something in one."""
    sources = (path for path in TREE.sources("crawler", "tests") if path not in EXAMPLES)
    codes = ((path, path.read_text(encoding="utf-8")) for path in sources)
    return [
        (path, text) for path, code in codes for text in (prose(code) if names_in_comments(code) else docstrings(code))
    ]


def where(path: Path, mention: Mention) -> str:
    return f"{path.relative_to(TREE.root)}:{mention.line}: {mention.text}"


def listed(found: list[str]) -> str:
    return "\n" + "\n".join(found)


def page_named(name: str, beside: Path) -> Path | None:
    starts = (beside.parent, TREE.root, SPECIFICATION.parent)
    return next((start / name for start in starts if (start / name).exists()), None)


def test_every_citation_of_a_page_resolves() -> None:
    broken = []
    for path, text in files():
        for line, name, anchor in citations(text):
            page = page_named(name, path)
            if page is None or anchor not in anchors(page.read_text(encoding="utf-8")):
                broken.append(where(path, Mention(line, f"{name}#{anchor}")))
    assert not broken, listed(broken)


def test_no_source_is_cited_in_the_old_way() -> None:
    old = [
        where(path, Mention(text.count("\n", 0, found.start()) + 1, found[0]))
        for path, text in files()
        for found in OLD_CITATIONS.finditer(text)
    ]
    assert not old, listed(old)


def test_an_anchor_of_the_specification_is_defined_once() -> None:
    defined = re.findall(r'<a id="([^"]+)"', SPECIFICATION.read_text(encoding="utf-8"))
    assert [anchor for anchor, count in Counter(defined).items() if count > 1] == []


def test_every_file_that_a_docstring_or_a_comment_names_exists() -> None:
    missing = [
        where(path, named)
        for path, text in prose_of_all_modules()
        for named in paths(text)
        if not TREE.has(named.text, path)
    ]
    assert not missing, listed(missing)


@pytest.mark.parametrize("name", ["pyproject.toml", "Makefile", ".ci/run"])
def test_every_file_that_a_comment_of_the_build_names_exists(name: str) -> None:
    path = TREE.root / name
    comments = [
        Mention(number, line[line.index("#") :])
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if "#" in line
    ]
    missing = [named for text in comments for named in paths(text) if not TREE.has(named.text, path)]
    assert not missing, listed([where(path, named) for named in missing])


def test_every_module_that_a_docstring_or_a_comment_names_exists() -> None:
    missing = [
        where(path, named)
        for path, text in prose_of_all_modules()
        for named in module_names(text)
        if not TREE.has_name(named.text)
    ]
    assert not missing, listed(missing)


def test_every_link_of_a_page_resolves_and_its_fragment_too() -> None:
    broken = []
    for page in TREE.pages():
        for link in links(page.read_text(encoding="utf-8")):
            name, _, fragment = link.text.partition("#")
            target = (TREE.root / name.lstrip("/") if name.startswith("/") else page.parent / name) if name else page
            lost = not target.exists() or (
                bool(fragment)
                and target.suffix == ".md"
                and fragment not in anchors(target.read_text(encoding="utf-8"))
            )
            broken += [where(page, link)] * lost
    assert not broken, listed(broken)


def test_every_file_and_module_that_a_page_sets_in_backticks_exists() -> None:
    missing = []
    for page in TREE.pages():
        for code in inline_code(page.read_text(encoding="utf-8")):
            named = (*paths(code), *module_names(code))
            in_repository = [m for m in named if re.match(r"(crawler|tests|docs|config|contrib|\.ci)[/.]", m.text)]
            missing += [
                where(page, mention)
                for mention in in_repository
                if not (TREE.has(mention.text, page) if "/" in mention.text else TREE.has_name(mention.text))
            ]
    assert not missing, listed(missing)


# `crawler/walk/walk.py` (`Walk.on_page`, `_LIMITS`): a file, and names that are defined in it.
_NAMES_IN_A_FILE = re.compile(r"`(crawler/[\w/]+\.py)`\s+\(((?:`[\w.]+`(?:,\s+)?)+)\)")


@cache
def defined_in(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            found.add(node.id if isinstance(node, ast.Name) else node.attr)
    return found


def test_every_name_that_a_page_puts_beside_a_file_is_defined_in_it() -> None:
    named = [
        (page, file, name)
        for page in TREE.pages()
        for file, names in _NAMES_IN_A_FILE.findall(page.read_text(encoding="utf-8"))
        for name in re.findall(r"`([\w.]+)`", names)
    ]
    missing = [
        f"{page.relative_to(TREE.root)}: {file} ({name})"
        for page, file, name in named
        if not set(name.split(".")) <= defined_in(TREE.root / file)
    ]
    assert len(named) > 40
    assert not missing, listed(missing)
