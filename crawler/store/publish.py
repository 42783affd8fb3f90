"""From the spool to a snapshot: pages in plan order and offset order, each record once.

Publishing rule. Everything is made in a hidden folder beside the spool:
1. part files and rejects: written under temporary names, synced, renamed (part_files.py),
2. `_manifest.json`: written, synced, renamed,
3. the names and sizes of all files are compared with what this run wrote (written.py),
4. `_SUCCESS`, for a complete snapshot only,
5. all folders synced,
6. the folder is renamed to `snapshot=<id>`, which must be a new name: readers see all of it, before that nothing,
7. what is published is compared once more; if it is not what this run wrote, `_SUCCESS` is removed,
8. the parent folder is synced, and `latest` is replaced by a link to a complete snapshot.
A crash before step 6 publishes nothing, and the run is resumed. After it the next run does step 8 (workspace.py).
Before steps 2, 6 and 8 the run makes sure that it still holds the output: a host that was suspended may have lost it.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from crawler.errors import DiskError, UnavailableError
from crawler.files.atomic import write_synced
from crawler.files.disk_errors import disk_errors, reason_and_advice
from crawler.files.presence import exists
from crawler.files.sync import sync_folder
from crawler.files.tree import folders_below
from crawler.model.key_set import KeySet
from crawler.model.record import invalid_fields_of, key_of_line, namespace_of_line
from crawler.model.walk_id import WalkId
from crawler.snapshot.layout import LATEST, MANIFEST, SUCCESS, snapshot_folder
from crawler.snapshot.manifest import Manifest, to_json
from crawler.store.latest import LatestLink
from crawler.store.page_index import StoredPage
from crawler.store.part_files import PartWriter
from crawler.store.spool import Spool
from crawler.store.written import Written
from crawler.swr.decode.reject import key_of_reject, numbered


class Published(NamedTuple):
    """What was written of one walk; `outside` counts records left out since they are of other namespaces.

    `invalid` counts the records written with a field that could not be read, `invalid_fields` names these fields.
    """

    records: int
    rejects: int
    outside: int = 0
    invalid: int = 0
    invalid_fields: frozenset[str] = frozenset()

    @property
    def items(self) -> int:
        """The number of items that were written or left out for their namespace."""
        return self.records + self.rejects + self.outside


def publish_walk(  # noqa: PLR0913 - what to write, and how
    part_writer: PartWriter,
    spool: Spool,
    index: int,
    walk: WalkId,
    *,
    last_pass_only: bool,
    deduplicate: bool,
    on_outside: Callable[[bytes], None] = lambda _: None,
) -> Published:
    """Write the pages of one walk in the order of their offsets, and drop them from the spool's memory.

    `last_pass_only` for a complete walk: its last pass is the proof. Otherwise the pages of earlier passes follow, for
    records that the last one did not see. `deduplicate` when a key may occur twice. `on_outside` is given each line
    that is left out since it is of another namespace. Raises DiskError.
    """
    part_writer.open_walk(walk)
    stored = spool.pages(index)
    last = max((page.pass_number for page in stored), default=0)
    chosen = [page for page in stored if page.pass_number == last] if last_pass_only else stored
    chosen.sort(key=lambda page: (-page.pass_number, page.offset))
    pages = [page for page in chosen if page.lines or page.rejects]
    chunks = _read(spool, index, pages)
    if deduplicate or not last_pass_only:
        chunks = _without_duplicates(lambda: _read(spool, index, pages))
    if any(page.outside for page in chosen):
        chunks = _of_namespace(walk.namespace, chunks, on_outside)
    has_invalid = any(page.invalid for page in chosen)
    records = rejects = outside = invalid = 0
    fields: set[str] = set()
    for chunk in chunks:
        if chunk.records:
            part_writer.write(chunk.lines, chunk.records)
        if chunk.rejected:
            part_writer.reject(chunk.rejects, chunk.rejected)
        records += chunk.records
        rejects += chunk.rejected
        outside += chunk.outside
        for names in _invalid_fields(chunk) if has_invalid else ():
            invalid += 1
            fields.update(names)
    spool.forget(index)
    return Published(records, rejects, outside, invalid, frozenset(fields))


class _Chunk(NamedTuple):
    """Record lines and their number, reject lines and theirs, and how many records were left out.

    `page` is the page that has exactly these bytes, None when some were left out.
    """

    lines: bytes
    records: int
    rejects: bytes
    rejected: int
    outside: int = 0
    page: StoredPage | None = None


def _invalid_fields(chunk: _Chunk) -> Iterator[frozenset[str]]:
    """Yield, for each record with fields that could not be read, their names."""
    if chunk.page is not None and not chunk.page.invalid:
        return
    yield from filter(None, map(invalid_fields_of, chunk.lines.splitlines()))


def _read(spool: Spool, walk: int, pages: list[StoredPage]) -> Iterator[_Chunk]:
    for page in pages:
        lines, rejects = spool.bytes_of(walk, page)
        yield _Chunk(lines, page.records, rejects, page.rejected, page=page)


def _without_duplicates(read: Callable[[], Iterable[_Chunk]]) -> Iterator[_Chunk]:
    """Leave out lines whose key occurred before, and ownerless ones of repositories that also come with an owner.

    So as many lines are left as the walk has identities: rejects with the same bytes are several on one page. `read` is
    called twice: an owner may come after the line without one.
    """
    with_owner = KeySet()
    for chunk in read():
        keys = [key_of_line(line) for line in chunk.lines.splitlines()]
        with_owner.update([key.without_owner for key in keys if key.has_owner])
    is_new = KeySet().add

    def is_first(line: bytes) -> bool:
        key = key_of_line(line)
        return (key.has_owner or not with_owner.issuperset([key.without_owner])) and is_new(key.key)

    for chunk in read():
        lines = [line for line in chunk.lines.splitlines(keepends=True) if is_first(line)]
        odd = chunk.rejects.splitlines(keepends=True)
        rejects = [line for line, key in zip(odd, numbered(map(key_of_reject, odd)), strict=True) if is_new(key)]
        yield _Chunk(b"".join(lines), len(lines), b"".join(rejects), len(rejects))


def _of_namespace(
    namespace: str | None, chunks: Iterable[_Chunk], on_outside: Callable[[bytes], None]
) -> Iterator[_Chunk]:
    """Leave out records of other namespaces: they count for the proof, but belong to another walk.

    A service with a fuzzy filter sends them to several walks (docs/reference/swr-api.md#name-matching).
    """
    for chunk in chunks:
        lines = []
        for line in chunk.lines.splitlines(keepends=True):
            if namespace_of_line(line) == namespace:
                lines.append(line)
            else:
                on_outside(line)
        yield _Chunk(b"".join(lines), len(lines), chunk.rejects, chunk.rejected, chunk.records - len(lines))


class Destination:
    """The folder `output`, where snapshots are published; `verify` raises when another run has taken it over."""

    def __init__(self, output: Path, verify: Callable[[], None] = lambda: None) -> None:
        self.output = output
        self.verify = verify
        self.latest = LatestLink(output)

    def path_of(self, snapshot: str) -> Path:
        """Return the folder of the published snapshot with this id."""
        return self.output / snapshot_folder(snapshot)


_ADVICE: Final = "make sure that only one run at a time uses the output, then rerun the command"
_REREAD: Final = "free disk space or fix the problem; `swr-crawler verify` reads it again"


def finish(
    folder: Path, manifest: Manifest, destination: Destination, check: Callable[[], None] = lambda: None
) -> Path:
    """Do steps 2 to 8 for the snapshot in `folder`; return its path.

    `check` is called before each step up to the 6th, and may raise the CrawlerError of a run that must not publish.

    Raises DiskError, and UnavailableError when another run has taken the output over: nothing is published then,
    unless the message says that the snapshot is published.
    """
    final = destination.path_of(manifest.snapshot)
    written = Written.of(manifest, to_json(manifest))
    with disk_errors(destination.output):
        check()
        destination.verify()
        write_synced(folder / MANIFEST, written.manifest)
        if difference := written.without_success().difference(folder):
            raise DiskError(f"{folder}: {difference}: another program writes there; {_ADVICE}")
        if manifest.status == "complete":
            write_synced(folder / SUCCESS, b"")
        for inner in folders_below(folder):
            check()
            sync_folder(inner)
        check()
        destination.verify()
        if os.path.lexists(final):
            raise DiskError(f"{final} exists, and this run did not publish it: nothing is published; {_ADVICE}")
        _rename(folder, final, written)
    with _published_errors(final):
        _check(final, written)
    make_visible(final, folder.parent, destination)
    return final


def _rename(folder: Path, final: Path, written: Written) -> None:
    """Do step 6. A file server may do it and answer with an error, to the second try of one request. Raises OSError."""
    try:
        folder.rename(final)
    except OSError as error:
        with suppress(OSError):
            if not os.path.lexists(folder) and written.has_manifest_in(final):
                return
        raise error from None


@contextmanager
def _published_errors(snapshot: Path, advice: str = _REREAD) -> Iterator[None]:
    """Raise DiskError, which says that the snapshot is published, for an OSError."""
    try:
        yield
    except OSError as error:
        where = f"{error.filename or snapshot.parent}: {reason_and_advice(error, advice)}"
        raise DiskError(f"{snapshot} is published, but {where}") from None


def _check(final: Path, written: Written) -> None:
    """Compare what is published with what was written, and withdraw the success of this run if it differs.

    On a file system that renames file by file (object storage), another host may have published in between.
    """
    if difference := written.difference(final):
        if written.has_manifest_in(final):
            (final / SUCCESS).unlink(missing_ok=True)
        raise DiskError(f"{final} is not what this run wrote: {difference}: another program writes there; {_ADVICE}")


def make_visible(snapshot: Path, folder: Path, destination: Destination) -> None:
    """Do step 8: make the name of a snapshot durable, and if it is complete point `latest` to it.

    So a reader of `latest` always reads a proven inventory. `folder` is the run's working folder. Raises DiskError or
    UnavailableError, which say that the snapshot is published.
    """
    try:
        sync_folder(snapshot.parent)
        if exists(snapshot / SUCCESS):
            destination.verify()
            destination.latest.point_to(snapshot.name, folder)
    except (DiskError, UnavailableError) as error:  # of `verify`
        raise type(error)(f"{snapshot} is published, but `{LATEST}` is left as it is: {error}") from None
    except OSError as error:
        place = error.filename or snapshot.parent
        if _has_vanished(snapshot):
            raise DiskError(f"{snapshot} has vanished: {place}: {error.strerror or error}; rerun the command") from None
        why = reason_and_advice(error, f"free disk space or fix the problem: the next run updates `{LATEST}`")
        raise DiskError(f"{snapshot} is published, but {place}: {why}") from None


def _has_vanished(snapshot: Path) -> bool:
    try:
        snapshot.lstat()
    except FileNotFoundError:
        return True
    except OSError:  # it cannot be looked at; it was there
        return False
    return False
