"""The walks of a crawl, one after another as they are proven, without a snapshot."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from tempfile import TemporaryFile, gettempdir
from typing import IO, Final, NamedTuple

import anyio
import anyio.from_thread
import anyio.to_thread
import msgspec
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from crawler.api.running import CrawlResult
from crawler.config.config import Config
from crawler.config.inputs import variables
from crawler.crawl import run
from crawler.crawl.concurrency.stopping import running
from crawler.crawl.observing.observer import Observer
from crawler.crawl.result import RunResult
from crawler.crawl.run_output import STDOUT
from crawler.errors import DiskError, IncompleteError
from crawler.files.temporary import temporary_errors
from crawler.model.record import Record
from crawler.model.stop_reason import StopSource
from crawler.model.walk_id import WalkId
from crawler.snapshot.manifest import WalkEntry
from crawler.text.human import escaped

_BLOCK_BYTES: Final = 2**20
_WAITING_WALKS: Final = 16  # that are published and not taken: then publishing waits; the crawl itself goes on

_PURPOSE: Final = "the records of the crawl"  # what the temporary file is for

_decode: Final = msgspec.json.Decoder(Record).decode_lines


class _Extent(NamedTuple):
    offset: int
    size: int


class StreamedWalk:
    """One walk that has ended, with its verdict; `async for` yields its records, if it is proven.

    `entry` is its evidence, as a manifest has it. `len` is the number of records that it yields. Read it before you
    take the next walk.
    """

    def __init__(self, entry: WalkEntry, extents: tuple[_Extent, ...], file: IO[bytes]) -> None:
        self.entry = entry
        self._extents = extents
        self._file = file
        self._is_over = False

    def __len__(self) -> int:
        return self.entry.records if self.proven else 0

    @property
    def id(self) -> WalkId:
        """Which list was walked: target, center, and namespace, or None for a whole center."""
        return WalkId(self.entry.target, self.entry.center, self.entry.namespace)

    @property
    def proven(self) -> bool:
        """Whether all that the walk covers was read, each record once, and no item of it was rejected."""
        return self.entry.verdict == "complete" and not self.entry.rejects

    async def __aiter__(self) -> AsyncIterator[Record]:
        """Yield the records. Raise IncompleteError for a walk that is not proven, before the first."""
        if not self.proven:
            raise IncompleteError(self._why_not())
        read = 0
        for extent in self._extents:
            async for record in self._read(extent):
                read += 1
                yield record
        if read != self.entry.records:
            counts = f"{read} records were read back, of {self.entry.records}"
            raise IncompleteError(escaped(f"{self.id}: {counts}: the temporary file was damaged; crawl again"))

    async def _read(self, extent: _Extent) -> AsyncIterator[Record]:
        at, end, rest = extent.offset, extent.offset + extent.size, b""
        while at < end:
            if self._is_over:
                raise RuntimeError(f"the records of {self.id} are gone: read a walk before you take the next one")
            block = await anyio.to_thread.run_sync(self._block, at, min(_BLOCK_BYTES, end - at))
            at += len(block)
            lines, _, rest = (rest + block).rpartition(b"\n")
            for record in _decode(lines):
                yield record

    def _block(self, at: int, size: int) -> bytes:
        with temporary_errors(_PURPOSE):
            block = os.pread(self._file.fileno(), size, at)
        if not block:
            raise DiskError(f"{gettempdir()}: the temporary file of the crawl was cut short; rerun")
        return block

    def _why_not(self) -> str:
        rejects = "items were rejected" if self.entry.rejects else ""
        why = self.entry.reason or rejects
        return escaped(f"{self.id} is {self.entry.verdict}: {why}; to keep what was read of it, crawl into a folder")

    def end(self) -> None:
        """Let no record be read any more."""
        self._is_over = True


class CrawlStream:
    """The walks of a running crawl; `async for` yields each when it has ended, in plan order, proven or not.

    `result` is None until the last walk was taken, then how the crawl ended: whether the centers are covered is known
    then. Taking a walk raises the CrawlerError that ended the crawl, such as a full disk.
    """

    def __init__(self, walks: MemoryObjectReceiveStream[StreamedWalk], crawling: "asyncio.Task[RunResult]") -> None:
        self._walks = walks
        self._crawling = crawling
        self._taken: StreamedWalk | None = None
        self.result: CrawlResult | None = None

    async def __aiter__(self) -> AsyncIterator[StreamedWalk]:
        async for walk in self._walks:
            self.end()
            self._taken = walk
            yield walk
        self.end()
        self.result = CrawlResult(await asyncio.shield(self._crawling))

    def end(self) -> None:
        """Let no record of the walk that was taken last be read any more: its file may be closed."""
        if self._taken is not None:
            self._taken.end()


@asynccontextmanager
async def stream(
    config: Config, *, observer: Observer | None = None, environ: Mapping[str, str] | None = None
) -> AsyncIterator[CrawlStream]:
    """Crawl what `config` names without a snapshot: yield a CrawlStream, whose walks come as they end.

        async with crawler.stream(config) as run:
            async for walk in run:
                async for record in walk: ...
        run.result.raise_for_status()

    The records of a walk can be read once it is proven, and never before; one that is not proven comes with its
    verdict, and reading it raises IncompleteError. What was read waits on the disk, in temporary files in the folder
    that TMPDIR names, of twice the size of the list; so a slow reader delays no request, and memory does not grow.
    Leaving the context stops the crawl; nothing of it is kept, so nothing can be resumed.

    `config.output` does not matter. `observer` and `environ` are as in `crawl`. Raise what `crawl_async` raises.
    """
    with _temporary_file() as file:
        send, receive = anyio.create_memory_object_stream[StreamedWalk](_WAITING_WALKS)
        receiver = _Receiver(file, send)

        async def crawl(stop: StopSource) -> RunResult:
            to_receiver = msgspec.structs.replace(config, output=STDOUT)
            with send:
                return await run.crawl(to_receiver, variables(environ), observer=observer, stop=stop, receiver=receiver)

        async with running(crawl) as crawling:
            streamed = CrawlStream(receive, crawling)
            try:
                yield streamed
            finally:
                streamed.end()
                receive.close()


def _temporary_file() -> IO[bytes]:
    with temporary_errors(_PURPOSE):
        return TemporaryFile(prefix="swr-crawler-")


class _Receiver:
    """Writes the lines of walks to a file, and sends each walk on when it has ended; a WalkReceiver.

    The parts of a walk that was split come in turns with those of others.
    """

    def __init__(self, file: IO[bytes], send: MemoryObjectSendStream[StreamedWalk]) -> None:
        self._file = file
        self._send = send
        self._extents: dict[WalkId, list[_Extent]] = {}
        self._current: list[_Extent] = []
        self._end = 0

    def open_walk(self, walk: WalkId) -> None:
        """Start with the lines of a walk, or go on with them."""
        self._current = self._extents.setdefault(walk, [])

    def write(self, lines: bytes, records: int) -> None:  # noqa: ARG002 - the entry has their number
        """Write lines. Raise DiskError."""
        with temporary_errors(_PURPOSE):
            self._file.write(lines)
        last = self._current[-1] if self._current else None
        if last is not None and last.offset + last.size == self._end:
            self._current[-1] = _Extent(last.offset, last.size + len(lines))
        else:
            self._current.append(_Extent(self._end, len(lines)))
        self._end += len(lines)

    def reject(self, lines: bytes, rejects: int) -> None:
        """Do nothing: a walk with rejects is not proven, and its entry has their number."""

    def flush(self) -> None:
        """Pass everything to the system. Raise DiskError."""
        with temporary_errors(_PURPOSE):
            self._file.flush()

    def on_walk(self, entry: WalkEntry) -> None:
        """Send a walk on; wait while many wait to be taken."""
        extents = self._extents.pop(WalkId(entry.target, entry.center, entry.namespace), [])
        walk = StreamedWalk(entry, tuple(extents), self._file)
        with suppress(anyio.BrokenResourceError):  # nobody takes walks any more
            anyio.from_thread.run(self._send.send, walk)
