"""What counts as a reference, and what it refers to."""

from pathlib import Path

import pytest

from tests.docs.citations import (
    Mention,
    Tree,
    anchors,
    citations,
    inline_code,
    links,
    module_names,
    names_in_comments,
    paths,
    prose,
)


def test_a_citation_is_a_page_and_one_or_more_anchors() -> None:
    text = "a\n(swr-api.md#a-b, #c).\nSource: docs/x/swr-api.md#d,\n    #e (why)\n    # y.md#f,\n    # #g\nswr-api.md"
    assert list(citations(text)) == [
        (2, "swr-api.md", "a-b"),
        (2, "swr-api.md", "c"),
        (3, "docs/x/swr-api.md", "d"),
        (3, "docs/x/swr-api.md", "e"),
        (5, "y.md", "f"),
        (5, "y.md", "g"),
    ]


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("x = 1  # as crawler/walk/walk.py has it", True),
        ('"""See crawler/walk/walk.py."""\nx = "#"', False),
        ("# crawler.walk.walk", True),
        ("x = 1  # noqa: S603 - ourselves", False),
    ],
)
def test_comments_are_looked_for_where_one_names_something(code: str, *, names: bool) -> None:
    assert names_in_comments(code) == names


def test_prose_is_docstrings_and_comments_only() -> None:
    code = '"""A."""\nx = "b"  # c\n\n\ndef f():\n    """D."""\n    return """e"""\n'
    assert sorted(prose(code)) == [Mention(1, "A."), Mention(2, "# c"), Mention(6, "D.")]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("see tests/walk/test_walk_laws.py.", ["tests/walk/test_walk_laws.py"]),
        ("see `sql.py`, (walk/walk.py) and config/crawler.toml:", ["sql.py", "walk/walk.py", "config/crawler.toml"]),
        ("the tests of tests/docs/ and of docs/reference", ["tests/docs/", "docs/reference"]),
        ("a\nb crawler/walk/walk.py#top", ["crawler/walk/walk.py"]),
        ("see https://example.com/docs/a.html or $HOME/x.py", []),
        ("center=self/part-00000.ndjson and _manifest.json", []),
        ("huaweicloudsdkcore/signer/signer.py and output/bench/x.md", []),
        ("tests/*/test_*.py and tests/**", []),
        ("swr-crawler/python.pyc", []),
    ],
)
def test_a_path_is_a_source_file_or_below_a_top_folder(text: str, named: list[str]) -> None:
    assert [mention.text for mention in paths(Mention(1, text))] == named


def test_a_mention_knows_its_line() -> None:
    assert list(paths(Mention(3, "a\nb.py"))) == [Mention(4, "b.py")]


def test_a_module_is_a_dotted_name_of_the_package() -> None:
    text = "`crawler.walk.walk.Walk` in crawler.toml, swr-crawler.py, crawler.errors."
    assert [mention.text for mention in module_names(Mention(1, text))] == ["crawler.walk.walk.Walk", "crawler.errors"]


def test_links_into_the_repository_are_found_wherever_markdown_has_them() -> None:
    page = (
        '[a](b.md#c) ![i](d/e.svg "t") [f](https://g) [h]( i.md ) `[j](k)` [l][m]\n\n'
        '```\n[n](o)\n```\n[m]: p.md\n<a href="q.md">\n[r](#s)\n[t](u%20v.md)\n'
    )
    assert [link.text for link in links(page)] == ["b.md#c", "d/e.svg", "i.md", "p.md", "q.md", "#s", "u v.md"]


def test_inline_code_is_found_outside_of_blocks() -> None:
    assert list(inline_code("`a`\n```\n`b`\n```\n``c `d` ``\n")) == [Mention(1, "a"), Mention(5, "c `d`")]


def test_anchors_are_those_of_github_and_those_of_the_page() -> None:
    page = (
        "# Exit codes\n## `--output`: where?\n## [A](b) & C_d\n### Exit codes\n```\n# no\n```\n"
        '<a id="own"></a>\n#### 200 OK, or 4.5\n'
    )
    assert anchors(page) == ["exit-codes", "--output-where", "a--c_d", "exit-codes-1", "200-ok-or-45", "own"]


def test_a_path_may_be_seen_from_the_root_the_package_or_beside(tmp_path: Path) -> None:
    for name in ("crawler/walk/walk.py", "crawler/swr/auth/signing.py", "docs/a.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("class Walk: ...\nLIMIT, MOST = 1, 2\n")
    tree, beside = Tree(tmp_path), tmp_path / "crawler" / "swr" / "__init__.py"
    assert all(
        tree.has(name, beside) for name in ("docs/a.md", "docs/", "walk/walk.py", "auth/signing.py", "signing.py")
    )
    assert not any(tree.has(name, beside) for name in ("a.md", "walk.py", "swr/signing.py", "docs/b.md"))
    assert all(tree.has_name(f"crawler.walk.walk{name}") for name in ("", ".Walk", ".MOST", ".Walk.method"))
    assert not any(tree.has_name(name) for name in ("crawler.walk.walk.Other", "crawler.walks", "crawler.walk.Walk"))
