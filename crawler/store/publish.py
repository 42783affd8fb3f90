"""From the spool to a snapshot: pages in plan order and offset order, each record once.

Everything is made in a hidden folder beside the spool, synced, and moved to its name in one step: a reader
sees no snapshot or a whole one. Within it the manifest is written after the parts and `_SUCCESS` last.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from crawler.errors import DiskError
from crawler.files.atomic import sync_folder, write_synced
from crawler.files.disk_errors import disk_errors
from crawler.model.key_set import KeySet
from crawler.model.record import key_of_line, namespace_of_line
from crawler.model.walk_id import WalkId
from crawler.snapshot.layout import LATEST, MANIFEST, SUCCESS
from crawler.snapshot.manifest import Manifest, to_json
from crawler.store.part_files import PartWriter
from crawler.store.spool import IndexEntry, Spool
from crawler.swr.decode.reject import key_of_reject


class Published(NamedTuple):
    """What of one walk was written; `outside` was left out, being of other namespaces than the walk's."""

    records: int
    rejects: int
    outside: int = 0


def publish_walk(
    shelf: PartWriter, spool: Spool, index: int, walk: WalkId, *, last_pass_only: bool, once: bool
) -> Published:
    """Write one walk's pages to the shelf, in offset order.

    `last_pass_only` for a walk that is proven: its last pass is the proof. Otherwise the pages of earlier
    passes follow, for what was seen there and not later. `once` when a key may come twice.
    """
    shelf.open_walk(walk)
    stored = spool.pages(index)
    last = max((page.pass_number for page in stored), default=0)
    chosen = [page for page in stored if page.pass_number == last] if last_pass_only else stored
    chosen.sort(key=lambda page: (-page.pass_number, page.offset))
    pieces = _read(spool, index, [page for page in chosen if page.lines or page.rejects])
    if once or not last_pass_only:
        pieces = _once(pieces)
    if any(page.outside for page in chosen):
        pieces = _within(walk.namespace, pieces)
    records = rejects = outside = 0
    for piece in pieces:
        spot = shelf.write(piece.lines, piece.records) if piece.records else None
        if piece.rejected:
            shelf.reject(piece.rejects, piece.rejected)
        elif spot is not None and piece.page is not None:
            spool.writing_to_part(index, piece.page, spot)
        records += piece.records
        rejects += piece.rejected
        outside += piece.outside
    spool.forget(index)
    return Published(records, rejects, outside)


class _Piece(NamedTuple):
    """Some record lines and their number, reject lines and theirs, and how many records were left out.

    `page` is the page whose bytes these are, None when some were left out.
    """

    lines: bytes
    records: int
    rejects: bytes
    rejected: int
    outside: int = 0
    page: IndexEntry | None = None


def _read(spool: Spool, walk: int, pages: list[IndexEntry]) -> Iterator[_Piece]:
    for page in pages:
        lines, rejects = spool.bytes_of(walk, page)
        yield _Piece(lines, page.records, rejects, page.rejected, page=page)


def _once(pieces: Iterable[_Piece]) -> Iterator[_Piece]:
    """Leave out what was there before."""
    new = KeySet().add
    for piece in pieces:
        lines = [line for line in piece.lines.splitlines(keepends=True) if new(key_of_line(line))]
        rejects = [line for line in piece.rejects.splitlines(keepends=True) if new(key_of_reject(line))]
        yield _Piece(b"".join(lines), len(lines), b"".join(rejects), len(rejects))


def _within(namespace: str | None, pieces: Iterable[_Piece]) -> Iterator[_Piece]:
    """Leave out records of other namespaces: they count for the proof, but were not asked for.

    A service whose filter is fuzzy gives them to several walks; each belongs to its own namespace's.
    """
    for piece in pieces:
        lines = [line for line in piece.lines.splitlines(keepends=True) if namespace_of_line(line) == namespace]
        yield _Piece(b"".join(lines), len(lines), piece.rejects, piece.rejected, piece.records - len(lines))


def finish(folder: Path, manifest: Manifest, output: Path) -> Path:
    """Write the manifest and, for a complete snapshot, `_SUCCESS`; move it to its name; give its path.

    Raises DiskError; there is no snapshot then, unless the message says that it stands.
    """
    final = output / f"snapshot={manifest.snapshot}"
    with disk_errors(output):
        write_synced(folder / MANIFEST, to_json(manifest))
        if manifest.status == "complete":
            write_synced(folder / SUCCESS, b"")
        for inner, _, _ in os.walk(folder, onerror=_refuse):
            sync_folder(Path(inner))
        folder.rename(final)
    make_visible(final)
    return final


def _refuse(error: OSError) -> None:
    raise error


def make_visible(snapshot: Path) -> None:
    """Make the name of a snapshot durable, and if it is complete make `latest` name it.

    So whoever reads `latest` reads a proven inventory. Raises DiskError, which says that the snapshot stands.
    """
    try:
        sync_folder(snapshot.parent)
        if (snapshot / SUCCESS).exists():
            _point_latest(snapshot)
    except OSError as error:
        where = f"{error.filename or snapshot.parent}: {error.strerror or error}"
        if not snapshot.is_dir():
            raise DiskError(f"{snapshot} has vanished: {where}; run the same command") from None
        raise DiskError(
            f"{snapshot} stands and is whole, but {where}; make room or mend it: the next run sees to `{LATEST}`"
        ) from None


def _point_latest(snapshot: Path) -> None:
    link = snapshot.parent / LATEST
    temporary = link.with_name(f".{LATEST}.tmp")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(snapshot.name)
    temporary.replace(link)
    sync_folder(snapshot.parent)
