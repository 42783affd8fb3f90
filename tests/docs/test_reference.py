"""The generated pages of docs/reference say what the code says."""

import pytest

from tests.docs.generate import HEADER, INSERTS, REFERENCE, page


@pytest.mark.parametrize("name", INSERTS)
def test_a_generated_page_is_up_to_date(name: str) -> None:
    assert (REFERENCE / f"{name}.md").read_text(encoding="utf-8") == page(name), (
        f"docs/reference/{name}.md is stale: run `make docs`"
    )


@pytest.mark.parametrize("name", INSERTS)
def test_a_generated_page_begins_with_one_sentence_and_a_command(name: str) -> None:
    paragraphs = page(name).split("\n\n")
    assert paragraphs[0] == HEADER
    assert paragraphs[1].startswith("# ")
    assert paragraphs[2].endswith(".")
    assert paragraphs[2].count(". ") == 0
    assert paragraphs[3].startswith("```console\n$ ")
