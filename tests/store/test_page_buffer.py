"""A page goes from memory to the spool by fixed states, and its bytes are in one of the two at any time."""

from itertools import product
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.model.window import Window
from crawler.store.journal import RestartEntry, page_entry
from crawler.store.page_buffer import TRANSITIONS, BufferedEntry, BufferedPage, PageBuffer, PageState
from crawler.swr.decode.batch import Source
from crawler.swr.decode.items import read_items
from crawler.swr.page import Page
from tests.support.examples import examples

WINDOW: Final = Window(1, 0, 2, None)
PAGE: Final = Page(read_items(b'[{"name":"a","namespace":"s"},7]', Source("t", "self", None, 0)), 9, disagrees=False)


def buffered(walk: int = 0, number: int = 0) -> BufferedPage:
    return BufferedPage(page_entry(walk, WINDOW, PAGE), PAGE.items.lines, PAGE.items.rejects, number)


def in_state(state: PageState) -> BufferedPage:
    page = buffered()
    for step in {
        PageState.BUFFERED: (),
        PageState.WRITING: (PageState.WRITING,),
        PageState.CACHED: (PageState.WRITING, PageState.CACHED),
        PageState.EVICTED: (PageState.WRITING, PageState.EVICTED),
    }[state]:
        page.become(step)
    return page


@pytest.mark.parametrize(("before", "after"), list(product(PageState, PageState)))
def test_a_page_takes_the_ways_of_the_table_and_no_other(before: PageState, after: PageState) -> None:
    page = in_state(before)
    if after in TRANSITIONS[before]:
        page.become(after)
        assert page.state is after
    else:
        with pytest.raises(ValueError, match=f"{before.name} cannot become {after.name}"):
            page.become(after)


@pytest.mark.parametrize("state", list(PageState))
def test_memory_has_the_bytes_of_a_page_until_it_is_evicted(state: PageState) -> None:
    assert bool(in_state(state).lines) == (state is not PageState.EVICTED)


def test_entries_are_taken_once_and_in_their_order() -> None:
    buffer = PageBuffer()
    entries: list[BufferedEntry] = [buffered(), RestartEntry(0), buffered(number=1)]
    for entry in entries:
        if isinstance(entry, BufferedPage):
            buffer.add_page(entry)
        else:
            buffer.add_note(entry)
    assert buffer.take() == entries
    assert buffer.take() == []


STEPS: Final = st.lists(st.sampled_from(["append", "take", "written", "forget"]), max_size=20)


@given(STEPS)
@settings(deadline=None, max_examples=examples(quick=25))
def test_the_bytes_of_a_page_that_is_not_published_are_in_memory_or_in_the_spool(steps: list[str]) -> None:
    buffer = PageBuffer()
    pages: list[BufferedPage] = []
    taken: list[BufferedEntry] = []
    published: set[int] = set()
    walk = 0
    for step in steps:
        if step == "append":
            pages.append(buffered(walk, len(pages)))
            buffer.add_page(pages[-1])
        elif step == "take":
            taken += buffer.take()
        elif step == "written":
            buffer.on_written(taken)
            taken = []
        else:
            buffer.forget(walk)
            published.add(walk)
            walk += 1
        in_spool = {PageState.CACHED, PageState.EVICTED}
        for page in pages:
            held = buffer.bytes_of(page.entry.walk, page.number)
            assert page.state in in_spool or page.lines == PAGE.items.lines
            assert held is None or held == (PAGE.items.lines, PAGE.items.rejects)
            assert held is None or page.entry.walk not in published
        assert buffer.waiting_bytes == sum(page.entry.size for page in pages if page.state not in in_spool)
