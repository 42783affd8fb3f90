"""The records of two snapshots are brought together by key, whatever their order, their parts and the memory."""

import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.diff.outer_join import Pair, outer_join
from crawler.errors import DiskError, IncompleteError
from crawler.model.record import Record
from crawler.snapshot.reader import SnapshotReader, open_snapshot
from tests.audit.examples import record
from tests.store.builders import publish_records, records_named, rewrite
from tests.support.examples import examples

Place = tuple[str, str, str, str]  # target, center, namespace, name

PLACES = st.tuples(
    st.sampled_from(["eu", "west"]),
    st.sampled_from(["self", "thirdparty"]),
    st.sampled_from(["n", "n\x00", "m\n"]),
    st.sampled_from(["x", "y", "z", "\U0001f600", "\uffff", '"']),
)
KNOWN_OWNERS: st.SearchStrategy[str | None] = st.sampled_from(["a", "é", "b"])
# The records of one namespace and name: one without an owner, or one for each owner; and their sizes.
OWNERS: st.SearchStrategy[dict[str | None, int]] = st.dictionaries(
    st.sampled_from([None, ""]), st.integers(0, 1), min_size=1, max_size=1
) | st.dictionaries(KNOWN_OWNERS, st.integers(0, 1), max_size=3)
Owned = dict[Place, dict[str | None, int]]


def records_of(owned: Owned) -> list[Record]:
    return [
        record(target=target, center=center, domain_name=owner, namespace=namespace, name=name, size=size)
        for (target, center, namespace, name), sizes in owned.items()
        for owner, size in sizes.items()
    ]


@st.composite
def inventories(draw: st.DrawFn) -> tuple[Owned, Owned]:
    """Draw two inventories that have much in common, each in an order of its own."""
    old = draw(st.dictionaries(PLACES, OWNERS, max_size=20))
    new: Owned = {place: sizes if draw(st.booleans()) else draw(OWNERS) for place, sizes in old.items()}
    new |= draw(st.dictionaries(PLACES, OWNERS, max_size=3))
    return old, {place: new[place] for place in draw(st.just(list(new)) | st.permutations(list(new)))}


def expected_pairs(old: Owned, new: Owned) -> tuple[list[Pair], int]:
    """Return the pairs that differ and the number of records that do not, in the plainest way."""
    found: list[tuple[object, Pair]] = []
    same = 0
    for place in old.keys() | new.keys():
        before, after = ({one.domain_name: one for one in records_of({place: of.get(place, {})})} for of in (old, new))
        in_both = before.keys() & after.keys()
        pairs: list[Pair] = [(before.pop(owner), after.pop(owner)) for owner in in_both]
        if before and after and (not all(before) or not all(after)):  # one side has only the record without an owner
            pairs.append((before.pop(min(before, key=str)), after.pop(min(after, key=str))))
        pairs += [(one, None) for one in before.values()] + [(None, one) for one in after.values()]
        for pair in pairs:
            owner = (pair[0] or pair[1] or record()).domain_name
            found.append(((*place, owner is not None, owner or ""), pair))
            same += pair[0] == pair[1]
    found.sort(key=lambda one: one[0])  # type: ignore[arg-type, return-value]
    return [pair for _, pair in found if pair[0] != pair[1]], same


def joined(
    old: SnapshotReader, new: SnapshotReader, *, range_bytes: int = 10**6, held_bytes: int = 10**6
) -> tuple[list[Pair], int]:
    with outer_join(old, new, range_bytes=range_bytes, held_bytes=held_bytes) as found:
        return list(found), found.same


@contextmanager
def both(
    old: list[Record], new: list[Record], max_part_bytes: int = 10**6
) -> Iterator[tuple[SnapshotReader, SnapshotReader]]:
    with TemporaryDirectory() as folder:
        yield (
            publish_records(Path(folder), "old", old, max_part_bytes=max_part_bytes),
            publish_records(Path(folder), "new", new, max_part_bytes=max_part_bytes),
        )


@settings(max_examples=examples(quick=10), deadline=None)
@given(
    inventories=inventories(),
    max_part_bytes=st.sampled_from([1, 800, 10**6]),
    range_bytes=st.sampled_from([1, 700, 2000, 10**6]),
    held_bytes=st.sampled_from([0, 1500, 10**6]),
)
def test_all_that_differs_comes_in_the_order_of_the_keys_and_the_rest_is_counted(
    inventories: tuple[Owned, Owned], max_part_bytes: int, range_bytes: int, held_bytes: int
) -> None:
    # Of one target alone a path does not tell the target; then the manifest's walks do.
    old, new = map(records_of, inventories)
    with both(old, new, max_part_bytes) as sides:
        assert joined(*sides, range_bytes=range_bytes, held_bytes=held_bytes) == expected_pairs(*inventories)


def test_two_that_fit_into_memory_never_touch_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    with both(records_named("a", "b"), records_named("b", "c")) as sides:
        monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
        assert len(joined(*sides)[0]) == 2


def test_the_temporary_file_has_no_name_while_it_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with both(records_named(*"abcdef"), records_named(*"defghi")) as sides:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        with outer_join(*sides, range_bytes=700, held_bytes=0) as found:
            next(iter(found))
            assert list(tmp_path.iterdir()) == []
            assert any(str(tmp_path) in name for name in open_files())
        assert not any(str(tmp_path) in name for name in open_files())


def open_files() -> list[str]:
    return [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]


def test_without_room_for_the_temporary_file_the_disk_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with both(records_named(*"abcdef"), records_named(*"defghi")) as sides:
        monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
        with pytest.raises(DiskError, match=r"cannot use .*No such file .*TMPDIR"):
            joined(*sides, held_bytes=0)


def test_a_full_disk_is_a_disk_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with both(records_named(*"abcdef"), records_named(*"defghi")) as sides:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
        try:
            with pytest.raises(
                DiskError,
                match=rf"cannot use {tmp_path} for the lines of both snapshots: File too large; this process may write",
            ):
                joined(*sides, held_bytes=0)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("equal", [True, False])
def test_nothing_is_yielded_before_both_snapshots_are_checked(side: int, equal: bool) -> None:  # noqa: FBT001 - parametrized
    new = records_named("a", "b") if equal else records_named("b", "c")
    rest = records_named("z", center="thirdparty")
    with both([*records_named("a", "b"), *rest], [*new, *rest]) as sides:
        damaged = sides[side]
        part = damaged.folder / damaged.manifest.files[-1].path
        part.write_bytes(part.read_bytes().replace(b'"size":1000', b'"size":1001'))
        with outer_join(*sides) as found, pytest.raises(IncompleteError, match="SHA-256"):
            next(iter(found), None)


def test_a_duplicate_record_is_an_error() -> None:
    with (
        both(records_named("a", "a"), records_named("a")) as sides,
        pytest.raises(IncompleteError, match="there twice"),
    ):
        joined(*sides)


def test_parts_whose_target_is_not_known_are_refused() -> None:
    with both(records_named("a"), records_named("b")) as (old, new):
        rewrite(old, walks=())
        with pytest.raises(IncompleteError, match="does not say which target"):
            joined(open_snapshot(old.folder), new)


def forged(snapshot: SnapshotReader, line: bytes) -> SnapshotReader:
    """Make the first line of a snapshot another one, digests and all."""
    entry = snapshot.manifest.files[0]
    part = snapshot.folder / entry.path
    data = line + b"\n" + part.read_bytes().partition(b"\n")[2]
    part.write_bytes(data)
    changed = msgspec.structs.replace(entry, bytes=len(data), sha256=sha256(data).hexdigest())
    rewrite(snapshot, files=(changed, *snapshot.manifest.files[1:]))
    return open_snapshot(snapshot.folder)


@pytest.mark.parametrize("range_bytes", [400, 10**6])
@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"nonsense", "is no record"),
        (b"", "some lines are empty"),
        (b'{"domain_name":null,"namespace":"n","name":"x"}', "is no record"),
        (msgspec.json.encode(record(center="thirdparty")), "eu/thirdparty is among those of eu/self"),
    ],
)
def test_a_line_that_is_no_record_of_its_partition_is_an_error(line: bytes, words: str, range_bytes: int) -> None:
    with both(records_named("a", "b"), records_named("b")) as (old, new), pytest.raises(IncompleteError, match=words):
        joined(forged(old, line), new, range_bytes=range_bytes)


@pytest.mark.slow
def test_four_hundred_thousand_records_a_side_take_less_than_300_mb(tmp_path: Path) -> None:
    folders = [
        publish_records(
            tmp_path, text, (record(name=f"{number}", description=text * 300) for number in range(400_000))
        ).folder
        for text in "xy"
    ]
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from crawler.diff.outer_join import outer_join\nfrom crawler.snapshot.reader import open_snapshot\n"
        "with outer_join(*(open_snapshot(Path(folder)) for folder in sys.argv[1:])) as found:\n"
        "    assert sum(1 for _ in found) == 400_000\n"
        "print(Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0])\n"  # rusage has the parent's
    )
    done = subprocess.run([sys.executable, "-c", code, *folders], capture_output=True, text=True, check=True)  # noqa: S603 - ourselves
    assert int(done.stdout) < 300_000
