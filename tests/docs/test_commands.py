"""Every example of the documentation is run, and its output is what the page shows. README.md here has the rules."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.emulator.inventory.ndjson import synthetic
from crawler.emulator.server import RunningEmulator
from tests.docs.blocks import Block, blocks
from tests.docs.run_page import REASONS, REFUSED_LANGUAGES, described, pages, run
from tests.docs.session import ROOT, Session
from tests.support.emulator_fixture import serve

pytestmark = pytest.mark.unmeasured

PAGES = [str(page.relative_to(ROOT)) for page in pages(ROOT)]
RUN = {"console", "sh", "python", "toml"}


@pytest.fixture(scope="module")
def service() -> Iterator[RunningEmulator]:
    with serve(synthetic(namespaces=20, repositories=2_000, seed=1)) as served:
        yield served


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def blocks_of_all_pages() -> list[tuple[str, Block]]:
    return [(f"{page}:{block.line}", block) for page in PAGES for block in blocks(text_of(page))]


@pytest.mark.timeout(300)  # more than one command may take, so that its own limit names it
@pytest.mark.parametrize("page", PAGES)
def test_every_example_runs_and_prints_what_the_page_shows(page: str, service: RunningEmulator, tmp_path: Path) -> None:
    with Session(tmp_path, service.endpoint) as session:
        found = list(run(text_of(page), session))
    assert not found, f"\n{described(Path(page), found)}\npython -m tests.docs.run_page --write {page}"


def test_a_block_that_is_not_run_has_one_of_the_allowed_reasons() -> None:
    strange = [f"{where}: {block.not_run}" for where, block in blocks_of_all_pages() if block.not_run]
    assert [line for line in strange if line.partition(": ")[2] not in REASONS] == []


def test_only_a_block_that_would_be_run_is_marked_as_not_run() -> None:
    assert [where for where, block in blocks_of_all_pages() if block.not_run and block.language not in RUN] == []


def test_no_block_escapes_under_the_name_of_another_shell_or_language() -> None:
    assert [where for where, block in blocks_of_all_pages() if block.language.lower() in REFUSED_LANGUAGES] == []


def test_no_block_without_a_language_holds_commands() -> None:
    found = [
        where
        for where, block in blocks_of_all_pages()
        if block.language not in RUN and any(line.startswith("$ ") for line in block.lines)
    ]
    assert found == []


def test_files_of_a_page_stay_in_its_folder() -> None:
    named = [(where, Path(block.file)) for where, block in blocks_of_all_pages() if block.file]
    assert [where for where, file in named if file.is_absolute() or ".." in file.parts] == []
