"""A snapshot is complete or not there at all; it holds each record once, in the order of the plan and the offsets."""

import errno
import io
import json
import os
import resource
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Literal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.errors import DiskError
from crawler.files.atomic import make_folders
from crawler.files.disk_errors import disk_errors
from crawler.model.walk_id import WalkId
from crawler.model.window import Window
from crawler.snapshot.file_entry import FileEntry
from crawler.snapshot.layout import LATEST, LATEST_FILE, MANIFEST, REJECTS, SUCCESS
from crawler.snapshot.manifest import SCHEMA, Manifest, Requests, from_json
from crawler.store.part_files import PartFiles, StdoutWriter
from crawler.store.publish import Destination, Published, finish, make_visible, publish_walk
from crawler.store.spool import Spool, open_spool
from crawler.swr.decode.batch import Source
from crawler.swr.decode.items import read_items
from crawler.swr.page import Page
from crawler.walk.passes.item_keys import ItemKeys
from tests.support.examples import examples

WALK: Final = WalkId("eu", "self", None)
OTHER: Final = WalkId("eu", "thirdparty", None)
MANY: Final = 10**9
PART: Final = "center=self/part-00000.ndjson"

Status = Literal["complete", "incomplete"]


def item(name: str, text: str = "", owner: str | None = None) -> bytes:
    return json.dumps({"name": name, "namespace": "s", "description": text, "domain_name": owner}).encode()


def page_of(*items: bytes) -> Page:
    return Page(read_items(b"[" + b",".join(items) + b"]", Source("eu", "self", None, 0)), None, disagrees=False)


def names(data: bytes) -> list[str]:
    return [json.loads(line)["name"] for line in data.splitlines()]


def raws(data: bytes) -> list[str]:
    return [json.loads(line)["raw"] for line in data.splitlines()]


def manifest(status: Status, files: Sequence[FileEntry] = (), rejects: FileEntry | None = None) -> Manifest:
    return Manifest(
        schema=SCHEMA,
        snapshot="s1",
        crawler="1.0",
        started_at="2026-11-23T12:00:00.000000Z",
        finished_at="2026-11-23T12:01:00.000000Z",
        status=status,
        resumed=0,
        config={},
        walks=(),
        coverage=(),
        files=tuple(files),
        rejects=rejects or FileEntry(path=REJECTS, records=0, bytes=0, sha256=""),
        unknown_fields=(),
        requests=Requests(by_status={}, retries=0, throttled_s=0.0),
    )


def tree(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file below `folder`, by its path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@contextmanager
def spooled(folder: Path, pages: Sequence[tuple[int, int, Page]]) -> Iterator[Spool]:
    """Yield a spool of one walk with these pages: pass number, offset, page; in this order of arrival."""
    folder.mkdir(exist_ok=True)
    spool = open_spool(folder, sync=False)
    try:
        for number, offset, page in pages:
            spool.append_page(0, Window(number, offset, 100, None), page)
        yield spool
    finally:
        spool.close()


def publish(
    tmp_path: Path,
    pages: Sequence[tuple[int, int, Page]],
    *,
    last_pass_only: bool = True,
    once: bool = False,
    max_part_bytes: int = MANY,
) -> tuple[dict[str, bytes], Published]:
    part_files = PartFiles(tmp_path / "parts", max_part_bytes=max_part_bytes, by_target=False)
    with spooled(tmp_path / "spool", pages) as spool:
        published = publish_walk(part_files, spool, 0, WALK, last_pass_only=last_pass_only, deduplicate=once)
        assert spool.pages(0) == []
    part_files.close()
    return tree(tmp_path / "parts"), published


# ---- which records, in which order


def test_pages_are_published_in_the_order_of_their_offsets(tmp_path: Path) -> None:
    pages = [(1, 4, page_of(item("c"))), (1, 0, page_of(item("a"))), (1, 2, page_of(item("b"), b"0"))]
    files, published = publish(tmp_path, pages)
    assert names(files[PART]) == ["a", "b", "c"]
    assert raws(files[REJECTS]) == ["0"]
    assert published == Published(3, 1)


def test_only_the_last_pass_of_a_complete_walk_is_published(tmp_path: Path) -> None:
    pages = [(1, 0, page_of(item("gone"), b"1")), (2, 0, page_of(item("a"))), (2, 2, page_of(item("b")))]
    files, published = publish(tmp_path, pages)
    assert names(files[PART]) == ["a", "b"]
    assert files[REJECTS] == b""
    assert published == Published(2, 0)


def test_records_of_earlier_passes_follow_for_any_other_walk_and_the_newest_wins(tmp_path: Path) -> None:
    pages = [
        (1, 2, page_of(item("c", "old"), item("d", "old"), b"1", b"0")),
        (1, 0, page_of(item("a", "old"), item("b", "old"))),
        (2, 2, page_of(item("d", "new"), b"0")),
        (2, 0, page_of(item("b", "new"), item("e", "new"))),
    ]
    files, published = publish(tmp_path, pages, last_pass_only=False)
    found = [(row["name"], row["description"]) for row in map(json.loads, files[PART].splitlines())]
    assert found == [("b", "new"), ("e", "new"), ("d", "new"), ("a", "old"), ("c", "old")]
    assert raws(files[REJECTS]) == ["0", "1"]
    assert published == Published(5, 2)


def test_a_key_that_occurs_twice_in_one_pass_is_published_once(tmp_path: Path) -> None:
    pages = [(1, 0, page_of(item("a"), item("b"), item("a"))), (1, 3, page_of(item("b"), item("c"), b"0", b"0"))]
    files, published = publish(tmp_path, pages, once=True)
    assert names(files[PART]) == ["a", "b", "c"]
    assert published == Published(3, 2)


def test_rejects_with_the_same_bytes_are_published_as_often_as_one_page_has_them(tmp_path: Path) -> None:
    pages = [
        (2, 0, page_of(b"0", item("a"), b"0", b"1")),
        (2, 4, page_of(b"0", b"1")),
        (1, 0, page_of(b"0", b"0", b"0")),
    ]
    files, published = publish(tmp_path, pages, last_pass_only=False)
    assert (raws(files[REJECTS]), published) == (["0", "0", "1", "0"], Published(1, 4))
    (tmp_path / "complete").mkdir()
    files, published = publish(tmp_path / "complete", pages)
    assert (raws(files[REJECTS]), published) == (["0", "0", "1", "0", "1"], Published(1, 5))


few_names = st.lists(st.sampled_from(["a", "b", "c", "d", "0"]), max_size=4)


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 3), few_names), max_size=6))
@settings(deadline=None, max_examples=examples(quick=8))
def test_no_key_is_published_twice_and_none_that_was_read_is_left_out(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[int, int, list[str]]]
) -> None:
    pages = [(n, o, page_of(*(b"0" if name == "0" else item(name) for name in page))) for n, o, page in drawn]
    files, published = publish(tmp_path_factory.mktemp("p"), pages, last_pass_only=False)
    found = [*names(files.get(PART, b"")), *raws(files[REJECTS])]
    records = [name for name in found if name != "0"]
    assert len(records) == len(set(records)) == published.records
    assert set(found) == {name for _, _, page in drawn for name in page}
    assert found.count("0") == max([page.count("0") for _, _, page in drawn], default=0) == published.rejects


def test_a_name_with_an_owner_and_without_one_is_published_once_with_the_owner(tmp_path: Path) -> None:
    pages = [
        (1, 0, page_of(item("a"), item("b", owner="x"), item("c", owner=""), item("d"))),
        (1, 4, page_of(item("a", owner="x"), item("b"), item("a", owner="y"), item("c"), b"0")),
    ]
    files, published = publish(tmp_path, pages, once=True)
    found = [(row["name"], row["domain_name"]) for row in map(json.loads, files[PART].splitlines())]
    assert found == [("b", "x"), ("c", ""), ("d", None), ("a", "x"), ("a", "y")]
    assert published == Published(5, 1)


owned_items = st.builds(item, st.sampled_from("abc"), owner=st.sampled_from([None, "", "x", "y"])) | st.just(b"0")


@given(st.lists(st.lists(owned_items, max_size=5), max_size=4))
@settings(deadline=None, max_examples=examples(quick=8))
def test_as_many_lines_are_published_as_the_walk_counts_identities(pages: list[list[bytes]]) -> None:
    keys = ItemKeys()
    placed = []
    for number, items in enumerate(pages):
        page = page_of(*items)
        keys.count(page.items)
        placed.append((1, number, page))
    with TemporaryDirectory() as folder:
        _, published = publish(Path(folder), placed, once=True)
    assert published.items == keys.identities()


def test_a_walk_without_pages_publishes_nothing(tmp_path: Path) -> None:
    files, published = publish(tmp_path, [])
    assert published == Published(0, 0)
    assert files == {REJECTS: b""}


# ---- parts


def greedy(lines: list[bytes], max_part_bytes: int) -> list[bytes]:
    """Cut lines into parts one by one; the reference."""
    parts: list[bytes] = []
    for line in lines:
        if not parts or len(parts[-1]) + len(line) > max_part_bytes:
            parts.append(b"")
        parts[-1] += line
    return parts


@given(
    st.lists(st.integers(0, 400), max_size=12),
    st.integers(1, 2000),
    st.lists(st.integers(1, 5), min_size=12, max_size=12),
)
@settings(deadline=None, max_examples=examples(quick=10))
def test_parts_are_cut_between_records_by_size_alone_whatever_the_pages(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], max_part_bytes: int, lengths: list[int]
) -> None:
    items = [item(f"n{i}", "x" * size) for i, size in enumerate(sizes)]
    lines = page_of(*items).items.lines.splitlines(keepends=True)
    pages, at = [], 0
    for length in lengths:
        pages.append((1, at, page_of(*items[at : at + length])))
        at += length
    files, published = publish(tmp_path_factory.mktemp("p"), pages[::-1], max_part_bytes=max_part_bytes)
    assert published == Published(len(items), 0)
    del files[REJECTS]
    assert list(files) == [f"center=self/part-{number:05d}.ndjson" for number in range(len(files))]
    parts = list(files.values())
    assert parts == greedy(lines, max_part_bytes)
    for part in parts:
        assert len(part) <= max_part_bytes or part.count(b"\n") == 1


@pytest.mark.parametrize("lengths", [(3,), (1, 2), (2, 1), (1, 1, 1)])
def test_a_part_may_be_exactly_full(tmp_path: Path, lengths: tuple[int, ...]) -> None:
    items = [item(name) for name in "abc"]
    pages = [(1, sum(lengths[:i]), page_of(*items[sum(lengths[:i]) :][:length])) for i, length in enumerate(lengths)]
    two = len(page_of(*items[:2]).items.lines)
    for max_part_bytes, found in ((two, ["ab", "c"]), (two - 1, ["a", "b", "c"]), (two // 2 * 3, ["abc"])):
        files, _ = publish(tmp_path, pages, max_part_bytes=max_part_bytes)
        assert ["".join(names(data)) for path, data in files.items() if path != REJECTS] == found


@pytest.mark.parametrize("by_target", [False, True])
def test_a_center_without_records_has_no_part_and_its_folder_is_told(tmp_path: Path, *, by_target: bool) -> None:
    part_files = PartFiles(tmp_path / "parts", max_part_bytes=10, by_target=by_target)
    walks = [WALK._replace(namespace="x"), WALK._replace(namespace="y"), OTHER, WALK._replace(target="us")]
    for walk in walks:
        part_files.open_walk(walk)
        if walk.center == "self":
            part_files.write(b"%b is a line\n" % (walk.namespace or "all").encode(), 1)
    if not by_target:  # then all targets share the parts of a center
        walks[-1] = WALK
    files, _, partitions = part_files.close()
    eu, us = ("target=eu/", "target=us/") if by_target else ("", "")
    us_part = f"{us}center=self/part-{0 if by_target else 2:05d}.ndjson"
    assert {file.path: file.records for file in files} == {
        f"{eu}center=self/part-00000.ndjson": 1,
        f"{eu}center=self/part-00001.ndjson": 1,
        us_part: 1,
    }
    assert set(tree(part_files.folder)) == {*(file.path for file in files), REJECTS}
    assert set(partitions) == {f"{eu}center=self", f"{eu}center=thirdparty", f"{us}center=self"}


def test_the_entry_of_each_file_has_its_true_size_count_and_digest(tmp_path: Path) -> None:
    part_files = PartFiles(tmp_path / "parts", max_part_bytes=700, by_target=False)
    pages = [(1, 2 * i, page_of(item(f"a{i}"), item(f"b{i}"), b"%d" % i)) for i in range(4)]
    with spooled(tmp_path / "spool", pages) as spool:
        publish_walk(part_files, spool, 0, WALK, last_pass_only=True, deduplicate=False)
    files, rejects, _ = part_files.close()
    on_disk = tree(part_files.folder)
    assert set(on_disk) == {*(file.path for file in files), rejects.path}
    assert len(files) == 4
    for file in (*files, rejects):
        data = on_disk[file.path]
        assert (file.bytes, file.records) == (len(data), data.count(b"\n"))
        assert file.sha256 == sha256(data).hexdigest()


def test_no_file_has_its_final_name_before_it_is_complete(tmp_path: Path) -> None:
    part_files = PartFiles(tmp_path / "parts", max_part_bytes=10, by_target=False)
    part_files.open_walk(WALK)
    for number in range(3):
        part_files.write(b"a complete line\n", 1)
        visible = [name for name in tree(part_files.folder) if not Path(name).name.startswith(".")]
        assert visible == [f"center=self/part-{complete:05d}.ndjson" for complete in range(number)]
    part_files.close()
    assert not [name for name in tree(part_files.folder) if Path(name).name.startswith(".")]


# ---- records of other namespaces


def test_records_of_other_namespaces_are_left_out_counted_and_told(tmp_path: Path) -> None:
    walk = WALK._replace(namespace="s")
    own, other = item("a"), item("b").replace(b'"namespace": "s"', b'"namespace": "t"')
    told: list[bytes] = []
    part_files = PartFiles(tmp_path / "parts", max_part_bytes=MANY, by_target=False)
    page = Page(read_items(b"[%b,%b]" % (own, other), Source("eu", "self", "s", 0)), None, disagrees=False)
    with spooled(tmp_path / "spool", [(1, 0, page)]) as spool:
        published = publish_walk(
            part_files, spool, 0, walk, last_pass_only=True, deduplicate=False, on_outside=told.append
        )
    part_files.close()
    assert names(tree(tmp_path / "parts")[PART]) == ["a"]
    assert names(b"".join(told)) == ["b"]
    assert published == Published(1, 0, outside=1)


# ---- standard output


def test_a_stream_gets_the_records_and_nothing_else(tmp_path: Path) -> None:
    stream = io.BytesIO()
    page = page_of(item("a"), b"0")
    with spooled(tmp_path / "spool", [(1, 0, page)]) as spool:
        part_files = StdoutWriter(stream)
        published = publish_walk(part_files, spool, 0, WALK, last_pass_only=True, deduplicate=False)
        part_files.flush()
    assert stream.getvalue() == page.items.lines
    assert published == Published(1, 1)


def test_a_closed_pipe_is_a_disk_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    stream = os.fdopen(writing, "wb", buffering=0)
    with pytest.raises(DiskError, match="standard output: Broken pipe"):
        StdoutWriter(stream).write(b"{}\n" * 2**20, 2**20)
    stream.close()


# ---- the complete snapshot


def make(output: Path, status: Status) -> Path:
    """Publish one record and one reject as snapshot s1, like a run does."""
    folder = output / ".work" / "s1" / "snapshot"
    with disk_errors(folder):
        make_folders(folder.parent)
    part_files = PartFiles(folder, max_part_bytes=MANY, by_target=False)
    try:
        page = page_of(item("a"), b"0")
        part_files.open_walk(WALK)
        part_files.write(page.items.lines, 1)
        part_files.reject(page.items.rejects, 1)
        return finish(part_files.folder, manifest(status, *part_files.close()[:2]), Destination(output))
    finally:
        part_files.abandon()


def test_a_complete_snapshot_has_success_and_latest_points_to_it(tmp_path: Path) -> None:
    final = make(tmp_path, "complete")
    assert final == tmp_path / "snapshot=s1"
    assert set(tree(final)) == {PART, REJECTS, MANIFEST, SUCCESS}
    assert (tmp_path / LATEST).readlink() == Path("snapshot=s1")
    assert from_json((tmp_path / LATEST / MANIFEST).read_bytes()).status == "complete"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".work", LATEST, LATEST_FILE, "snapshot=s1"]
    assert not list((tmp_path / ".work" / "s1").iterdir())


def test_an_incomplete_snapshot_has_no_success_and_latest_is_unchanged(tmp_path: Path) -> None:
    final = make(tmp_path, "incomplete")
    assert set(tree(final)) == {PART, REJECTS, MANIFEST}
    assert not (tmp_path / LATEST).is_symlink()
    (tmp_path / LATEST).symlink_to("snapshot=older")
    make_visible(final, tmp_path, Destination(tmp_path))
    assert (tmp_path / LATEST).readlink() == Path("snapshot=older")


def test_latest_moves_to_a_newer_complete_snapshot_despite_files_of_a_killed_run(tmp_path: Path) -> None:
    (tmp_path / LATEST).symlink_to("snapshot=older")
    (tmp_path / ".work" / "s1").mkdir(parents=True)
    (tmp_path / ".work" / "s1" / LATEST).symlink_to("snapshot=torn")
    make(tmp_path, "complete")
    assert (tmp_path / LATEST).readlink() == Path("snapshot=s1")


def test_an_unfinished_publication_leaves_nothing_in_the_next_one(tmp_path: Path) -> None:
    folder = tmp_path / ".work" / "s1" / "snapshot"
    folder.mkdir(parents=True)
    (folder / SUCCESS).touch()
    (folder / "center=self").mkdir()
    (folder / "center=self" / ".part-00007.ndjson.tmp").touch()
    assert set(tree(make(tmp_path, "incomplete"))) == {PART, REJECTS, MANIFEST}


def test_abandoned_part_files_keep_what_was_flushed_and_no_file_open(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    part_files = PartFiles(tmp_path / "parts", max_part_bytes=MANY, by_target=False)
    part_files.flush()
    part_files.open_walk(WALK)
    part_files.write(b"{}\n", 1)
    part_files.flush()
    part_files.write(b"[]\n", 1)
    part_files.abandon()
    assert tree(tmp_path / "parts")["center=self/.part-00000.ndjson.tmp"] == b"{}\n"
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_an_existing_snapshot_is_not_overwritten(tmp_path: Path) -> None:
    final = make(tmp_path, "incomplete")
    before = tree(final)
    with pytest.raises(DiskError, match="snapshot"):
        make(tmp_path, "complete")
    assert tree(final) == before


class FailingCalls:
    """Makes one of the system calls that make a snapshot fail, and records them all."""

    CALLS = ("mkdir", "fsync", "rename", "replace", "symlink", "open")

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[str] = []
        self.fail_at = -1
        for name in self.CALLS:
            monkeypatch.setattr(os, name, self._wrapped(name, getattr(os, name)))

    def _wrapped(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever the system's call takes
            if name == "mkdir" and Path(args[0]).is_dir():
                return real(*args, **kwargs)  # fails on every system, and is expected
            self.calls.append(f"{name} {args[0]}")
            if len(self.calls) - 1 == self.fail_at:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(*args, **kwargs)

        return call


def test_a_failure_at_any_call_is_a_disk_error_and_leaves_a_complete_snapshot_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = FailingCalls(monkeypatch)
    make(tmp_path / "complete", "complete")
    calls, complete = failing.calls, tree(tmp_path / "complete" / "snapshot=s1")
    moved = next(i for i, call in enumerate(calls) if call.startswith("rename") and call.endswith("/snapshot"))
    assert 10 < moved < len(calls) - 3
    for fail_at in range(len(calls)):
        output = tmp_path / str(fail_at)
        failing.calls, failing.fail_at = [], fail_at
        with pytest.raises(DiskError, match="No space left on device; free disk space or fix the problem") as caught:
            make(output, "complete")
        final = output / "snapshot=s1"
        assert str(caught.value).startswith(f"{final} is published, but ") == final.exists()
        assert final.exists() == (fail_at > moved), calls[fail_at]
        assert not final.exists() or tree(final) == complete
        assert (output / LATEST).is_symlink() <= final.exists()


def test_a_snapshot_that_vanished_is_not_reported_as_published(tmp_path: Path) -> None:
    with pytest.raises(DiskError, match=r"snapshot=s1 has vanished: .*nowhere: No such file or directory"):
        make_visible(tmp_path / "nowhere" / "snapshot=s1", tmp_path, Destination(tmp_path / "nowhere"))


def test_a_folder_that_cannot_be_synced_is_not_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_path: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "scandir", broken)
    with pytest.raises(DiskError, match="Input/output error"):
        make(tmp_path, "complete")
    assert not (tmp_path / "snapshot=s1").exists()


def test_files_are_synced_before_they_get_their_names_and_success_comes_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = FailingCalls(monkeypatch)
    make(tmp_path, "complete")
    renamed = [Path(call.split(" ")[1]).name for call in failing.calls if call.split(" ")[0] in {"rename", "replace"}]
    order = [".part-00000.ndjson.tmp", f".{REJECTS}.tmp", f".{MANIFEST}.tmp", f".{SUCCESS}.tmp", "snapshot"]
    assert renamed == [*order, f".{LATEST_FILE}.tmp", LATEST_FILE, LATEST]
    kinds = [call.split(" ")[0] for call in failing.calls]
    for at, kind in enumerate(kinds):
        if kind == "rename":
            assert "fsync" in kinds[max(0, at - 2) : at], failing.calls[at]


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [0, 5, 2**20])
def test_a_full_disk_is_a_disk_error_and_no_part_gets_its_final_name(tmp_path: Path, size: int) -> None:
    line = b'{"x":"' + b"y" * 2**19 + b'"}\n'
    part_files = PartFiles(tmp_path / "parts", max_part_bytes=MANY, by_target=False)
    part_files.open_walk(WALK)

    def write_all() -> None:
        try:
            for _ in range(4):
                part_files.write(line, 1)
            part_files.close()
        finally:
            part_files.abandon()

    with (
        files_no_larger_than(size),
        pytest.raises(
            DiskError,
            match=rf"File too large; this process may write files of {size} bytes at most",
        ),
    ):
        write_all()
    assert all(Path(name).name.startswith(".") for name in tree(tmp_path))


@pytest.mark.parametrize("size", [0, 5])
def test_a_manifest_that_cannot_be_written_publishes_nothing(tmp_path: Path, size: int) -> None:
    part_files = PartFiles(tmp_path / "parts", max_part_bytes=MANY, by_target=False)
    files, rejects, _ = part_files.close()
    written = msgspec.structs.replace(manifest("complete", files, rejects))
    with files_no_larger_than(size), pytest.raises(DiskError, match="File too large"):
        finish(part_files.folder, written, Destination(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["parts"]
    part_files.abandon()
