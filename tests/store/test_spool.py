"""What the journal names is on the disk: a killed run is replayed up to the first entry whose checksum fails."""

import errno
import io
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread
from typing import Final, NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.errors import DiskError
from crawler.model.window import Order, Window
from crawler.snapshot.manifest import CarriedOver
from crawler.store.journal import (
    DoubtEntry,
    Entry,
    LossEntry,
    PageEntry,
    PublishedEntry,
    RestartEntry,
    ShapeEntry,
    SplitEntry,
    checksum_of,
    read_lines,
    to_line,
)
from crawler.store.page_index import PageIndex
from crawler.store.spool import Spool, open_spool
from crawler.swr.decode.batch import Source
from crawler.swr.decode.items import read_items
from crawler.swr.page import EMPTY_PAGE, Page
from tests.support.examples import examples


class Event(NamedTuple):
    """A window that was read, or with `page` None one that was lost."""

    walk: int
    window: Window
    page: Page | None

    def append_to(self, spool: Spool) -> None:
        if self.page is None:
            spool.append_note(LossEntry(self.walk, self.window, "HTTP 500"))
        else:
            spool.append_page(self.walk, self.window, self.page)


def page(body: bytes, total: int | None = 9) -> Page:
    return Page(read_items(body, Source("t", "self", None, 0)), total, disagrees=total is None)


def window(offset: int, number: int = 1) -> Window:
    return Window(number, offset, 2, Order("name", "asc"))


HISTORY: Final = [
    Event(0, window(0), page(b'[{"name":"a","namespace":"s"},NaN]')),
    Event(0, window(2), None),
    Event(1, window(0), page(b'[{"name":"\\n","namespace":"s","zz":1}]', None)),
    Event(1, window(2), EMPTY_PAGE),
    Event(0, window(4, 2), page(b'["\xff",{"name":"b","namespace":"s"}]')),
]
PAGES, JOURNAL = "pages.ndjson", "journal"


class Replayed(NamedTuple):
    """What a replay returns of one event: everything that a walk needs."""

    walk: int
    window: Window
    page: tuple[object, ...] | None


def replay_of(event: Event) -> Replayed:
    found = event.page
    return Replayed(event.walk, event.window, found and _content_of(found))


def _content_of(found: Page) -> tuple[object, ...]:
    items = found.items
    keys = sorted(items.keys)  # the order of keys means nothing to a walk
    return items.records, items.rejected, keys, items.ownerless, items.unknown, found.total, found.disagrees


def replayed(spool: Spool) -> list[Replayed]:
    return [
        Replayed(entry.walk, entry.window, found and _content_of(found))
        for entry, found in spool.replay()
        if not isinstance(entry, RestartEntry | DoubtEntry | PublishedEntry | ShapeEntry | SplitEntry)
    ]


ALL: Final = [replay_of(event) for event in HISTORY]


def write(folder: Path, events: list[Event], *, flush_after: int = 1, sync: bool = False) -> None:
    spool = open_spool(folder, sync=sync)
    try:
        replayed(spool)
        for number, event in enumerate(events, 1):
            event.append_to(spool)
            if number % flush_after == 0:
                spool.flush()
        spool.flush()
    finally:
        spool.close()


def read(folder: Path) -> list[Replayed]:
    spool = open_spool(folder, sync=False)
    try:
        return replayed(spool)
    finally:
        spool.close()


def files(folder: Path) -> tuple[bytes, bytes]:
    return (folder / PAGES).read_bytes(), (folder / JOURNAL).read_bytes()


def put(folder: Path, pages: bytes, journal: bytes) -> None:
    for name, data in ((PAGES, pages), (JOURNAL, journal)):
        (folder / name).unlink(missing_ok=True)  # some systems sync a file that was truncated and written again
        (folder / name).write_bytes(data)


def ends(folder: Path) -> list[tuple[int, int]]:
    """Return where each event of HISTORY ends, in the pages and in the journal."""
    pages, journal = 0, 0
    found = []
    for event, line in zip(HISTORY, files(folder)[1].splitlines(keepends=True), strict=True):
        pages += len(event.page.items.lines + event.page.items.rejects) if event.page else 0
        journal += len(line)
        found.append((pages, journal))
    return found


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    made = open_spool(tmp_path)
    yield made
    made.close()


# ---- round trip


@pytest.mark.parametrize("flush_after", [1, 2, 100])
def test_a_replay_returns_what_was_appended_however_it_was_flushed(tmp_path: Path, flush_after: int) -> None:
    write(tmp_path, HISTORY, flush_after=flush_after)
    assert read(tmp_path) == ALL


ITEMS: Final = (b'{"name":"a","namespace":"s"}', b'{"name":"a","namespace":"s","domain_name":"d"}', b"NaN", b"0")
bodies = st.lists(st.sampled_from([*ITEMS, b'{"name":"\xff"}']), max_size=3)


@given(st.lists(st.tuples(bodies, st.booleans()), max_size=6))
@settings(deadline=None, max_examples=examples(quick=8))
def test_replayed_pages_have_the_keys_of_the_appended_ones(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[list[bytes], bool]]
) -> None:
    folder = tmp_path_factory.mktemp("spool")
    events = [
        Event(0, window(2 * i), None if lost else page(b"[" + b",".join(items) + b"]"))
        for i, (items, lost) in enumerate(drawn)
    ]
    write(folder, events)
    assert read(folder) == [replay_of(event) for event in events]


def test_a_replay_can_be_repeated_and_truncates_nothing_of_an_intact_spool(tmp_path: Path) -> None:
    write(tmp_path, HISTORY)
    before = files(tmp_path)
    for _ in range(2):
        spool = open_spool(tmp_path)
        assert replayed(spool) == ALL
        assert spool.truncated_bytes == 0
        spool.close()
    assert files(tmp_path) == before


def test_an_empty_folder_has_no_history(spool: Spool) -> None:
    assert replayed(spool) == []
    assert spool.pages(0) == []
    spool.flush()


def test_pages_are_where_the_index_says_before_and_after_a_flush_and_a_replay(tmp_path: Path) -> None:
    def check(spool: Spool) -> None:
        for walk in (0, 1):
            appended = [event for event in HISTORY if event.walk == walk and event.page is not None]
            stored = spool.pages(walk)
            assert [(at.pass_number, at.offset) for at in stored] == [
                (event.window.pass_number, event.window.offset) for event in appended
            ]
            for at, event in zip(stored, appended, strict=True):
                assert event.page is not None
                items = event.page.items
                assert (at.records, at.rejected) == (items.records, items.rejected)
                assert (at.lines, at.rejects) == (len(items.lines), len(items.rejects))
                assert spool.bytes_of(walk, at) == (items.lines, items.rejects)

    spool = open_spool(tmp_path)
    for event in HISTORY:
        event.append_to(spool)
    check(spool)
    assert files(tmp_path) == (b"", b"")
    spool.flush()
    assert spool.waiting_bytes == 0
    check(spool)
    spool.close()
    again = open_spool(tmp_path)
    replayed(again)
    check(again)
    again.close()


def test_waiting_bytes_are_counted_until_they_are_written(spool: Spool) -> None:
    waiting = [spool.waiting_bytes]
    for event in HISTORY:
        event.append_to(spool)
        waiting.append(spool.waiting_bytes)
    assert waiting[0] == 0
    assert waiting == sorted(waiting)
    spool.flush()
    assert spool.waiting_bytes == 0
    assert waiting[-1] == len(files(spool.folder)[0]) > 0


def test_a_page_from_memory_equals_the_page_from_the_disk(tmp_path: Path) -> None:
    appended = [page(b'[{"name":"a","namespace":"s"},7]'), page(b"[]"), page(b'[{"name":"a","namespace":"s"},7]')]
    spool = open_spool(tmp_path)
    for number, one in enumerate(appended):
        Event(0, window(number), one).append_to(spool)
    kept = [spool.bytes_of(0, at) for at in spool.pages(0)]
    assert kept == [(one.items.lines, one.items.rejects) for one in appended]
    assert files(tmp_path) == (b"", b"")
    spool.flush()
    spool.close()
    again = open_spool(tmp_path)
    replayed(again)
    assert [again.bytes_of(0, at) for at in again.pages(0)] == kept
    again.close()


def test_written_pages_are_cached_up_to_a_bound_and_others_after_a_walk_is_forgotten(tmp_path: Path) -> None:
    large = page(b'[{"name":"a","namespace":"s","description":"%b"}]' % (b"x" * 3 * 2**19))
    spool = open_spool(tmp_path, sync=False)

    def is_in_memory(walk: int) -> bool:
        (at,) = spool.pages(walk)
        return spool.bytes_of(walk, at)[0] is large.items.lines

    for walk in (-1, 0, 1, 2):
        Event(walk, window(0), large).append_to(spool)
    assert all(map(is_in_memory, (0, 1, 2)))  # they are not written yet
    spool.flush()
    assert list(map(is_in_memory, (0, 1, 2))) == [True, True, False]
    (at,) = spool.pages(2)
    assert spool.bytes_of(2, at) == (large.items.lines, b"")
    spool.forget(0)
    spool.forget(2)
    Event(3, window(0), large).append_to(spool)
    Event(4, window(0), large).append_to(spool)
    spool.flush()
    assert list(map(is_in_memory, (1, 3, 4))) == [True, True, False]
    spool.close()


def test_a_forgotten_walk_is_dropped_from_the_index_and_kept_in_the_journal(spool: Spool) -> None:
    for event in HISTORY:
        event.append_to(spool)
    spool.forget(0)
    spool.forget(7)
    assert spool.pages(0) == []
    assert len(spool.pages(1)) == 2
    spool.flush()
    assert read(spool.folder) == ALL


def test_closing_drops_what_was_not_flushed(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    HISTORY[0].append_to(spool)
    spool.close()
    assert files(tmp_path) == (b"", b"")


# ---- damage


def replayed_after_damage(folder: Path, pages: bytes, journal: bytes) -> list[Replayed]:
    """Replay damaged files; check that everything behind the replayed entries is truncated."""
    put(folder, pages, journal)
    spool = open_spool(folder, sync=False)
    found = replayed(spool)
    spool.close()
    kept_pages, kept_journal = files(folder)
    assert pages.startswith(kept_pages)
    assert journal.startswith(kept_journal)
    assert spool.truncated_bytes == len(pages) + len(journal) - len(kept_pages) - len(kept_journal)
    return found


def test_a_journal_cut_at_any_byte_is_read_up_to_its_last_complete_line(tmp_path: Path) -> None:
    write(tmp_path, HISTORY)
    pages, journal = files(tmp_path)
    marks = ends(tmp_path)
    for cut in range(len(journal) + 1):
        assert replayed_after_damage(tmp_path, pages, journal[:cut]) == ALL[: sum(end <= cut for _, end in marks)]


def test_pages_cut_at_any_byte_are_replayed_up_to_the_last_complete_page(tmp_path: Path) -> None:
    write(tmp_path, HISTORY)
    pages, journal = files(tmp_path)
    marks = ends(tmp_path)
    for cut in range(len(pages) + 1):
        assert replayed_after_damage(tmp_path, pages[:cut], journal) == ALL[: sum(end <= cut for end, _ in marks)]


def test_a_flipped_bit_in_any_page_is_noticed_and_ends_the_replay(tmp_path: Path) -> None:
    write(tmp_path, HISTORY)
    pages, journal = files(tmp_path)
    marks = ends(tmp_path)
    for at in range(len(pages)):
        damaged = bytearray(pages)
        damaged[at] ^= 1 << at % 8
        assert replayed_after_damage(tmp_path, bytes(damaged), journal) == ALL[: sum(end <= at for end, _ in marks)], at


def test_a_flipped_bit_in_any_journal_line_is_noticed_and_ends_the_replay(tmp_path: Path) -> None:
    write(tmp_path, HISTORY)
    pages, journal = files(tmp_path)
    marks = ends(tmp_path)
    for at in range(len(journal)):
        damaged = bytearray(journal)
        damaged[at] ^= 1 << at % 8
        assert replayed_after_damage(tmp_path, pages, bytes(damaged)) == ALL[: sum(end <= at for _, end in marks)], at


def impossible(entry: PageEntry) -> list[PageEntry]:
    """Return entries with a correct checksum that no run writes for this page."""
    replace = msgspec.structs.replace
    return [
        replace(entry, lines=-1),
        replace(entry, rejects=-1),
        replace(entry, lines=2**62),
        replace(entry, lines=entry.lines + entry.rejects + 1, rejects=-1),
        replace(entry, records=entry.records + 1),
        replace(entry, records=entry.records + 2, rejected=entry.rejected - 2),
        replace(entry, at=entry.at + 1),
        replace(entry, at=-1),
        replace(entry, lines=entry.lines - 1, rejects=entry.rejects + 1),
    ]


@pytest.mark.parametrize("number", range(9))
def test_an_impossible_entry_ends_the_replay(tmp_path: Path, number: int) -> None:
    write(tmp_path, HISTORY)
    pages, journal = files(tmp_path)
    ((entry, length), *_) = read_lines(io.BytesIO(journal))
    assert isinstance(entry, PageEntry)
    assert replayed_after_damage(tmp_path, pages, to_line(impossible(entry)[number]) + journal[length:]) == []


@pytest.mark.parametrize(
    "junk", [b"{}\n", b"no JSON\n", b"\xff\n", b"[]\n", b'{"raw":1,"encoding":"utf-8"}\n', b"[" * 9999]
)
@pytest.mark.parametrize("rejects", [False, True])
def test_bytes_that_are_no_lines_end_the_replay_even_with_a_correct_checksum(
    tmp_path: Path, junk: bytes, *, rejects: bool
) -> None:
    lines, rejected = (0, len(junk)) if rejects else (len(junk), 0)
    entry = PageEntry(
        0,
        window(0),
        9,
        disagrees=False,
        at=0,
        lines=lines,
        rejects=rejected,
        records=1,
        rejected=0,
        checksum=checksum_of(junk),
    )
    assert replayed_after_damage(tmp_path, junk, to_line(entry)) == []


def test_a_journal_without_one_of_its_pages_is_replayed_up_to_there(tmp_path: Path) -> None:
    write(tmp_path, HISTORY)
    pages, journal = files(tmp_path)
    lines = journal.splitlines(keepends=True)
    assert replayed_after_damage(tmp_path, pages, b"".join(lines[:2] + lines[4:])) == ALL[:2]


@pytest.mark.parametrize("kept", range(len(HISTORY) + 1))
@pytest.mark.parametrize("torn", [0, 7])
def test_a_resumed_run_appends_behind_what_was_replayed(tmp_path: Path, kept: int, torn: int) -> None:
    write(tmp_path, HISTORY)
    pages, journal = files(tmp_path)
    pages_end, journal_end = [(0, 0), *ends(tmp_path)][kept]
    put(tmp_path, pages[: pages_end + torn], journal[: journal_end + torn])
    spool = open_spool(tmp_path)
    assert replayed(spool) == ALL[:kept]
    for event in HISTORY[kept:]:
        event.append_to(spool)
    for walk in (0, 1):
        for at in spool.pages(walk):
            assert b"".join(spool.bytes_of(walk, at)) in pages
    spool.flush()
    spool.close()
    assert files(tmp_path) == (pages, journal)
    assert read(tmp_path) == ALL


PLAIN: Final = [
    Event(walk, window(2 * number), page(b'[{"name":"%d-%d","namespace":"s"}]' % (walk, number)))
    for walk in (0, 1)
    for number in (0, 1)
]


def test_a_page_that_is_published_before_it_is_written_is_written_nevertheless(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    for event in PLAIN:
        event.append_to(spool)
    spool.forget(0)
    assert spool.waiting_bytes > 0
    spool.flush()
    assert spool.waiting_bytes == 0
    spool.close()
    assert read(tmp_path) == [replay_of(event) for event in PLAIN]


# ---- the order of writes, and a disk that fails


class Disk:
    """The system calls that write a spool, recorded and made to fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[tuple[str, str]] = []  # call and file, including the failed one
        self.fail_at = -1  # which call fails, from 0
        self.partial = False  # whether half of the bytes are written before the failure
        self.before: Callable[[str, str], None] = lambda _call, _name: None
        self._write, self._sync = os.write, os.fdatasync
        monkeypatch.setattr(os, "write", self.write)
        monkeypatch.setattr(os, "fdatasync", self.sync)

    def write(self, descriptor: int, data: bytes | memoryview) -> int:
        if self._see("write", descriptor):
            if self.partial:
                self._write(descriptor, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")
        return self._write(descriptor, data[: max(1, len(data) // 2)])  # a system may write less than requested

    def sync(self, descriptor: int) -> None:
        if self._see("fdatasync", descriptor):
            raise OSError(errno.ENOSPC, "No space left on device")
        self._sync(descriptor)

    def _see(self, call: str, descriptor: int) -> bool:
        name = Path(f"/proc/self/fd/{descriptor}").readlink().name
        self.before(call, name)
        self.calls.append((call, name))
        return len(self.calls) - 1 == self.fail_at


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def test_after_a_power_cut_at_any_instant_the_page_of_every_journal_line_is_on_the_disk(
    tmp_path: Path, disk: Disk
) -> None:
    synced = b""
    left: list[tuple[bytes, bytes]] = []  # what a power cut leaves at worst: synced pages, and all of the journal

    def note(call: str, name: str) -> None:
        nonlocal synced
        left.append((synced, (tmp_path / JOURNAL).read_bytes()))
        if (call, name) == ("fdatasync", PAGES):
            synced = (tmp_path / PAGES).read_bytes()

    disk.before = note
    write(tmp_path, HISTORY, flush_after=2, sync=True)
    left.append((synced, (tmp_path / JOURNAL).read_bytes()))
    assert len(set(left)) > len(HISTORY)
    for pages, journal in left:
        put(tmp_path, pages, journal)
        whole_lines = journal.count(b"\n")
        assert read(tmp_path) == ALL[:whole_lines]


def test_a_flush_makes_pages_and_journal_durable(tmp_path: Path, disk: Disk) -> None:
    write(tmp_path, HISTORY, flush_after=2, sync=True)
    calls = list(dict.fromkeys(zip(disk.calls, disk.calls[1:], strict=False)))
    assert (("write", JOURNAL), ("fdatasync", JOURNAL)) in calls
    assert (("write", JOURNAL), ("write", PAGES)) not in calls
    assert disk.calls[-1] == ("fdatasync", JOURNAL)


def test_a_truncation_is_durable_before_more_is_written(tmp_path: Path, disk: Disk) -> None:
    write(tmp_path, HISTORY)
    pages, journal = files(tmp_path)
    put(tmp_path, pages, journal[:-1])
    disk.calls.clear()
    spool = open_spool(tmp_path)
    replayed(spool)
    assert disk.calls == [("fdatasync", JOURNAL)]
    spool.close()


def test_truncate_empties_both_files(tmp_path: Path, disk: Disk) -> None:
    write(tmp_path, HISTORY)
    spool = open_spool(tmp_path)
    with closing(spool.replay()) as history:
        next(history)
    spool.truncate()
    assert spool.pages(0) == []
    assert files(tmp_path) == (b"", b"")
    HISTORY[0].append_to(spool)
    spool.flush()
    disk.fail_at = len(disk.calls)
    with pytest.raises(DiskError, match=r"cannot write .*No space left on device; free disk space or fix the problem"):
        spool.truncate()
    spool.close()


def test_a_spool_that_is_never_resumed_syncs_nothing(tmp_path: Path, disk: Disk) -> None:
    write(tmp_path, HISTORY, sync=False)
    assert {call for call, _ in disk.calls} == {"write"}


@pytest.mark.parametrize("partial", [False, True])
def test_after_a_full_disk_at_any_call_the_spool_can_be_resumed(tmp_path: Path, disk: Disk, *, partial: bool) -> None:
    write(tmp_path, HISTORY, flush_after=2, sync=True)
    calls = len(disk.calls)
    complete = files(tmp_path)
    assert calls > 10
    for fail_at in range(calls):
        put(tmp_path, b"", b"")
        disk.calls, disk.fail_at, disk.partial = [], fail_at, partial
        with pytest.raises(DiskError, match="No space left on device"):
            write(tmp_path, HISTORY, flush_after=2, sync=True)
        spool = open_spool(tmp_path)
        found = replayed(spool)
        assert found == ALL[: len(found)]
        for event in HISTORY[len(found) :]:
            event.append_to(spool)
        spool.flush()
        spool.close()
        assert files(tmp_path) == complete


@pytest.mark.parametrize("fail_at", range(4))
def test_after_a_failure_nothing_more_is_written_even_when_there_is_space_again(
    tmp_path: Path, disk: Disk, fail_at: int
) -> None:
    # Otherwise the journal would name a later loss without the page before it: no walk could replay that.
    spool = open_spool(tmp_path)
    HISTORY[0].append_to(spool)
    disk.fail_at = fail_at
    with pytest.raises(DiskError, match="No space left on device"):
        spool.flush()
    before = files(tmp_path)
    HISTORY[1].append_to(spool)
    with pytest.raises(DiskError, match="No space left on device"):
        spool.flush()
    spool.close()
    assert files(tmp_path) == before
    assert read(tmp_path) == []


def test_pages_appended_while_another_thread_flushes_are_all_written_in_their_order(tmp_path: Path) -> None:
    spool = open_spool(tmp_path, sync=False)
    events = [Event(0, window(2 * i), page(b'[{"name":"%d","namespace":"s"}]' % i)) for i in range(300)]
    done = False

    def flush() -> None:
        while not done:
            spool.flush()

    thread = Thread(target=flush)
    thread.start()
    for event in events:
        event.append_to(spool)
    done = True
    thread.join()
    spool.flush()
    assert spool.waiting_bytes == 0
    spool.close()
    assert read(tmp_path) == [replay_of(event) for event in events]


def test_a_missing_folder_is_named_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(DiskError, match=r"cannot open the spool in .*nowhere: No such file"):
        open_spool(tmp_path / "nowhere")


def test_a_spool_that_cannot_be_opened_leaves_no_file_open(tmp_path: Path) -> None:
    (tmp_path / JOURNAL).mkdir()
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(DiskError, match="cannot open the spool"):
        open_spool(tmp_path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.fixture
def resumed(tmp_path: Path) -> Iterator[Spool]:
    """A resumed spool: its pages are on the disk only."""
    write(tmp_path, HISTORY)
    spool = open_spool(tmp_path, sync=False)
    replayed(spool)
    yield spool
    spool.close()


def test_a_spool_truncated_by_another_process_is_noticed(resumed: Spool) -> None:
    os.truncate(resumed.folder / PAGES, 5)
    with pytest.raises(DiskError, match="was cut short"):
        resumed.bytes_of(0, resumed.pages(0)[0])


def test_a_read_error_is_a_disk_error(resumed: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_descriptor: int, _size: int, _at: int) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "pread", broken)
    with pytest.raises(DiskError, match="Input/output error"):
        resumed.bytes_of(0, resumed.pages(0)[0])
    with pytest.raises(DiskError, match="Input/output error"):
        replayed(resumed)


def test_the_journal_keeps_the_order_of_pages_and_losses(tmp_path: Path) -> None:
    write(tmp_path, HISTORY)
    spool = open_spool(tmp_path)
    entries: list[Entry] = [entry for entry, _ in spool.replay()]
    spool.close()
    assert [type(entry) for entry in entries] == [PageEntry, LossEntry, PageEntry, PageEntry, PageEntry]
    assert isinstance(entries[2], PageEntry)
    assert entries[2].unknown == ("zz",)


@pytest.mark.parametrize("name", ["journal", "pages.ndjson"])
def test_a_file_that_a_link_in_the_folder_names_is_not_truncated(tmp_path: Path, name: str) -> None:
    (tmp_path / "mine").write_bytes(b"mine")
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool" / name).symlink_to(tmp_path / "mine")
    with pytest.raises(DiskError, match=r"cannot open the spool in .*: Too many levels of symbolic links"):
        open_spool(tmp_path / "spool")
    assert (tmp_path / "mine").read_bytes() == b"mine"


def test_a_window_that_is_taken_back_holds_nothing_any_more(tmp_path: Path) -> None:
    window, other = Window(1, 0, 10, None), Window(1, 10, 10, None)
    index = PageIndex()
    for one in (window, other):
        index.replay(PageEntry(0, one, 25, False, 0, 5, 0, 2, 0, 7))
    for note in (LossEntry(0, window, "no answer"), DoubtEntry(0, window), DoubtEntry(9, window)):
        index.replay(note)
    assert [(page.offset, page.lines, page.records) for page in index.pages(0)] == [(0, 0, 0), (10, 5, 2)]
    shape = ShapeEntry(0, 100, Order("name", "asc"), filtered=True, is_obeyed=False, is_reversible=True)
    with closing(open_spool(tmp_path)) as spool:
        spool.append_note(RestartEntry(0))
        spool.append_note(shape)
        spool.append_note(DoubtEntry(0, window))
        spool.flush()
    with closing(open_spool(tmp_path)) as again:
        assert [entry for entry, _ in again.replay()] == [RestartEntry(0), shape, DoubtEntry(0, window)]


def test_what_a_service_was_found_to_accept_outlives_the_walk_that_found_it(tmp_path: Path) -> None:
    window = Window(1, 0, 10, None)
    shape = ShapeEntry(0, 100, None, filtered=True, is_obeyed=False, is_reversible=True)
    snapshot = CarriedOver(snapshot="s", started_at="2026-11-27T00:00:00Z", finished_at="2026-11-27T00:00:01Z")
    with closing(open_spool(tmp_path)) as spool:
        for note in (shape, LossEntry(0, window, "no answer"), PublishedEntry(snapshot, (0,))):
            spool.append_note(note)
        spool.flush()
    with closing(open_spool(tmp_path)) as again:
        assert [entry for entry, _ in again.replay()] == [shape, PublishedEntry(snapshot, (0,))]
