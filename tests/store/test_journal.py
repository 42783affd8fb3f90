"""Any prefix of a journal is a history; reading ends at the first line that is torn or damaged."""

from io import BytesIO
from typing import Final
from zlib import crc32

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.model.window import Order, Window
from crawler.store.journal import Entry, LossEntry, PageEntry, read_lines, to_line

naturals = st.integers(0, 2**62)
texts = st.text(st.characters(exclude_categories=["Cs"]))
orders: st.SearchStrategy[Order | None] = st.none() | st.builds(Order, texts, st.sampled_from(["asc", "desc"]))
windows = st.builds(Window, st.integers(1, 9), naturals, st.integers(1, 1000), orders)
pages = st.builds(
    PageEntry,
    walk=naturals,
    window=windows,
    total=st.none() | st.integers(0, 10**19),
    disagrees=st.booleans(),
    at=naturals,
    lines=naturals,
    rejects=naturals,
    records=naturals,
    rejected=naturals,
    checksum=st.integers(0, 2**64 - 1),
    unknown=st.lists(texts, max_size=3).map(tuple),
)
losses = st.builds(LossEntry, walk=naturals, window=windows, reason=texts)
entries: st.SearchStrategy[Entry] = pages | losses

FIRST: Final = Window(1, 0, 100, Order("name", "asc"))
HISTORY: Final[list[Entry]] = [
    PageEntry(
        0, FIRST, 250, disagrees=False, at=0, lines=10, rejects=5, records=1, rejected=1, checksum=7, unknown=("é\n",)
    ),
    LossEntry(0, FIRST._replace(offset=100), "HTTP 500 \x1b[31m\n"),
    PageEntry(
        1, Window(2, 0, 10, None), None, disagrees=True, at=15, lines=0, rejects=0, records=0, rejected=0, checksum=0
    ),
]


def entries_read(journal: bytes) -> list[Entry]:
    return [entry for entry, _ in read_lines(BytesIO(journal))]


def ends(history: list[Entry]) -> list[int]:
    """Return where each line of the journal ends."""
    journal, found = b"", []
    for entry in history:
        journal += to_line(entry)
        found.append(len(journal))
    return found


JOURNAL: Final = b"".join(map(to_line, HISTORY))


@given(st.lists(entries, max_size=5))
@settings(deadline=None)
def test_a_journal_reads_back_as_it_was_written(history: list[Entry]) -> None:
    lines = [to_line(entry) for entry in history]
    assert all(line.count(b"\n") == 1 and line.endswith(b"\n") for line in lines)
    read = list(read_lines(BytesIO(b"".join(lines))))
    assert [entry for entry, _ in read] == history
    assert [length for _, length in read] == [len(line) for line in lines]


@given(st.lists(entries, max_size=4), st.data())
@settings(deadline=None)
def test_any_prefix_of_any_journal_is_read_up_to_its_last_complete_line(
    history: list[Entry], data: st.DataObject
) -> None:
    journal = b"".join(map(to_line, history))
    cut = data.draw(st.integers(0, len(journal)))
    assert entries_read(journal[:cut]) == [
        entry for entry, end in zip(history, ends(history), strict=True) if end <= cut
    ]


def test_a_journal_cut_at_any_byte_is_read_up_to_its_last_complete_line() -> None:
    for cut in range(len(JOURNAL) + 1):
        assert entries_read(JOURNAL[:cut]) == HISTORY[: sum(end <= cut for end in ends(HISTORY))]


def test_any_flipped_bit_is_noticed_and_ends_the_history() -> None:
    for at in range(len(JOURNAL)):
        before = HISTORY[: sum(end <= at for end in ends(HISTORY))]
        for bit in range(8):
            damaged = bytearray(JOURNAL)
            damaged[at] ^= 1 << bit
            assert entries_read(bytes(damaged)) == before, (at, bit)


@given(st.binary(), st.integers(0, len(HISTORY)))
def test_bytes_that_are_no_line_end_the_history(junk: bytes, after: int) -> None:
    lines = list(map(to_line, HISTORY))
    assert entries_read(b"".join(lines[:after]) + junk + b"\n" + b"".join(lines[after:])) == HISTORY[:after]


def test_a_line_that_a_newer_version_wrote_ends_the_history() -> None:
    for text in (
        b'{"kind":"merge","walk":0}',
        b'{"kind":"\xff"}',
        b"[" * 9999,
        b'{"walk":0}',
        b'{"kind":"loss"}',
        b"[]",
        b"",
    ):
        line = b"%08x %b\n" % (crc32(text), text)
        assert entries_read(to_line(HISTORY[0]) + line + to_line(HISTORY[1])) == HISTORY[:1]


def test_the_size_of_a_page_is_that_of_its_records_and_rejects() -> None:
    assert isinstance(HISTORY[0], PageEntry)
    assert HISTORY[0].size == 15


def test_a_line_leaves_default_values_out() -> None:
    usual = to_line(HISTORY[0])
    doubtful = to_line(msgspec.structs.replace(HISTORY[0], doubtful=True))
    assert b"doubtful" not in usual
    assert len(doubtful) - len(usual) == len(',"doubtful":true')
