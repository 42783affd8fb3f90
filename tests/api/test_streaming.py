"""The walks of a crawl as they are proven: whole, in order, and never before; and nothing is left of a stream."""

import asyncio
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import anyio
import pytest

import crawler
from crawler.api import streaming
from crawler.emulator.serving import ServedEmulator
from tests.crawl.test_moving_ties import equal_rows

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def served() -> Iterator[ServedEmulator]:
    with crawler.emulator.serve(repositories=60, namespaces=2) as running:
        yield running


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Let temporary files be made in a folder of the test, which must be empty afterwards."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    yield tmp_path
    assert list(tmp_path.iterdir()) == []


def configure(served: ServedEmulator, **settings: Any) -> crawler.Config:  # noqa: ANN401
    return crawler.Config.load(environ=served.environ, rate_per_s=None, **settings)


async def read_all(config: crawler.Config, environ: Mapping[str, str], *, fails: bool = False) -> None:
    async with crawler.stream(config, environ=environ) as run:
        async for walk in run:
            await keys(walk)
            if fails:
                raise ValueError("of the body")


async def keys(walk: streaming.StreamedWalk) -> list[tuple[str, str, str]]:
    return [(record.center, record.namespace, record.name) async for record in walk]


async def test_every_walk_comes_once_in_plan_order_with_all_its_records(
    served: ServedEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "_BLOCK_BYTES", 700)  # most records lie in two blocks
    walks, records = [], []
    async with crawler.stream(configure(served, limit=7), environ=served.environ) as run:
        async for walk in run:
            walks.append((walk.id.center, walk.proven, len(walk)))
            records += await keys(walk)
    assert walks == [("self", True, 30), ("thirdparty", True, 30)]
    assert len(set(records)) == len(records) == 60
    assert run.result is not None
    assert run.result.complete
    assert run.result.snapshot is None


async def test_a_center_that_is_read_by_namespace_after_all_comes_as_its_namespaces() -> None:
    """Its lines are written in turns: those of a walk lie in several places of the file."""
    found = {}
    with crawler.emulator.serve(inventory=equal_rows(), faults=("unstable-ties:rows=all,by=request",)) as served:
        config = configure(served, limit=10, centers=["self"], concurrency=1)
        async with crawler.stream(config, environ=served.environ) as run:
            async for walk in run:
                found[walk.id.namespace] = {record.name async for record in walk}
    assert run.result is not None
    run.result.raise_for_status()
    assert None not in found
    assert {name: len(names) for name, names in found.items()} == dict.fromkeys(found, 4)
    assert len(found) == 6


async def test_a_walk_that_is_not_proven_comes_with_its_verdict_and_yields_no_record() -> None:
    proven = {}
    with crawler.emulator.serve(repositories=60, faults=("refuse-center:center=self",)) as served:
        async with crawler.stream(configure(served), environ=served.environ) as run:
            async for walk in run:
                proven[walk.id.center] = walk.proven
                if not walk.proven:
                    assert (walk.entry.verdict, len(walk)) == ("partial", 0)
                    with pytest.raises(crawler.IncompleteError, match=r"default/self/\* is partial: "):
                        await keys(walk)
    assert proven == {"self": False, "thirdparty": True}
    assert run.result is not None
    with pytest.raises(crawler.IncompleteError):
        run.result.raise_for_status()


async def test_a_walk_with_rejected_items_is_not_proven(served: ServedEmulator) -> None:
    del served
    with crawler.emulator.serve(repositories=60, faults=("poison-items",)) as odd:
        async with crawler.stream(configure(odd), environ=odd.environ) as run:
            verdicts = {walk.id.center: walk.proven async for walk in run}
    assert False in verdicts.values()


async def test_more_walks_than_may_wait_come_all_the_same(served: ServedEmulator) -> None:
    namespaces = [
        f"team-{number}" for number in range(40)
    ]  # of which the service has none: each is a walk without records
    async with crawler.stream(configure(served, namespaces=namespaces), environ=served.environ) as run:
        names = []
        async for walk in run:
            names.append((walk.id.center, walk.id.namespace))
            await asyncio.sleep(0)
    assert len(set(names)) == len(names) == 80
    assert run.result is not None


async def test_leaving_early_stops_the_crawl(served: ServedEmulator) -> None:
    async with crawler.stream(configure(served), environ=served.environ) as run:
        async for _ in run:
            break
    assert run.result is None
    async with crawler.stream(configure(served), environ=served.environ):
        pass
    with pytest.raises(ValueError, match="of the body"):
        await read_all(configure(served), served.environ, fails=True)


async def test_a_reader_that_never_comes_does_not_keep_the_crawl(served: ServedEmulator) -> None:
    """More walks wait than may: the thread that publishes waits for a reader, until the context ends."""
    namespaces = [f"team-{number}" for number in range(40)]
    config = configure(served, namespaces=namespaces)
    before = served.counters()["requests"]
    async with crawler.stream(config, environ=served.environ):
        with anyio.fail_after(60):
            while served.counters()["requests"] < before + 80:  # noqa: ASYNC110 - the service has no event for it
                await asyncio.sleep(0.01)


async def test_a_reader_that_is_cancelled_ends_the_crawl(served: ServedEmulator) -> None:
    reading = asyncio.Event()

    async def read() -> None:
        async with crawler.stream(configure(served), environ=served.environ) as run:
            async for _ in run:
                reading.set()
                await asyncio.Event().wait()

    task = asyncio.create_task(read())
    await reading.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(asyncio.all_tasks()) <= 2  # this one, and the runner's of the test


async def test_what_ends_the_crawl_is_raised_where_the_next_walk_is_taken(served: ServedEmulator) -> None:
    config = configure(served)
    with pytest.raises(crawler.CredentialsError):
        await read_all(config, {})


async def test_a_walk_is_read_before_the_next_one_is_taken(served: ServedEmulator) -> None:
    async with crawler.stream(configure(served), environ=served.environ) as run:
        kept = [walk async for walk in run]
    with pytest.raises(RuntimeError, match="read a walk before you take the next one"):
        await keys(kept[0])


async def test_a_walk_is_not_read_after_its_stream_ended(served: ServedEmulator) -> None:
    async with crawler.stream(configure(served), environ=served.environ) as run:
        walk = await anext(aiter(run))
    with pytest.raises(RuntimeError, match="are gone"):
        await keys(walk)


async def test_a_record_that_is_lost_from_the_temporary_file_is_missed(
    served: ServedEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.pread

    def lossy(file: int, size: int, at: int) -> bytes:
        first, end, others = real(file, size, at).partition(b"\n")
        return b" " * len(first) + end + others

    monkeypatch.setattr(os, "pread", lossy)
    with pytest.raises(crawler.IncompleteError, match="29 records were read back, of 30"):
        await read_all(configure(served), served.environ)


async def test_a_folder_for_temporary_files_that_is_missing_is_an_error_of_the_disk(
    served: ServedEmulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    with pytest.raises(crawler.DiskError, match="No such file"):
        await read_all(configure(served), served.environ)


async def test_a_temporary_file_that_was_cut_short_is_no_end_of_a_walk(
    served: ServedEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "pread", lambda *_: b"")
    with pytest.raises(crawler.DiskError, match="cut short"):
        await read_all(configure(served), served.environ)
