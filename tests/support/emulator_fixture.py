"""What tests of a whole crawl need: an emulator in a thread, a clock that does not wait, and a call that crawls."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio.from_thread
import anyio.lowlevel
import orjson

from crawler.cli.console.exit_status import exit_code_of
from crawler.config.config import Config
from crawler.config.load import load
from crawler.crawl.result import RunResult
from crawler.emulator.inventory.ndjson import CENTERS, Inventory, synthetic
from crawler.emulator.server import EmulatorSettings, RunningEmulator, emulator
from tests.support.running import run_crawl

TOKEN = {"SWR_CRAWLER_TOKEN": "emulator-token"}


class QuickClock:
    """A clock that jumps: sleeping takes no time, but advances it. `slept_s` is the sum of all sleeps."""

    def __init__(self) -> None:
        self._now_s = 1000.0
        self.slept_s = 0.0

    def now_s(self) -> float:
        return self._now_s

    def busy_s(self) -> float:
        return 0.0

    def utc(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.slept_s)

    async def sleep(self, duration_s: float) -> None:
        self._now_s += duration_s
        self.slept_s += duration_s
        await anyio.lowlevel.checkpoint()


@contextmanager
def serve(
    inventory: Inventory | None = None,
    **settings: Any,  # noqa: ANN401 - those of EmulatorSettings, and the `tls` of `emulator`
) -> Iterator[RunningEmulator]:
    """Serve an inventory (by default 1 000 repositories in 4 namespaces of both centers) from another thread."""
    served, tls = inventory or synthetic(namespaces=4, repositories=1000, seed=7), settings.pop("tls", None)
    with (
        anyio.from_thread.start_blocking_portal() as portal,
        portal.wrap_async_context_manager(emulator(EmulatorSettings(inventory=served, **settings), tls=tls)) as running,
    ):
        yield running


def port_of(served: RunningEmulator) -> int:
    """Return the port, to serve there again: a run can be resumed only with the same endpoint."""
    return int(served.endpoint.rsplit(":", 1)[1])


def environ_of(served: RunningEmulator) -> dict[str, str]:
    """Return the variables by which a command asks this emulator."""
    return {"SWR_CRAWLER_ENDPOINT": served.endpoint, "SWR_CRAWLER_TOKEN": served.identity.token}


def snapshot_of(result: RunResult) -> Path:
    """Return the folder of the published snapshot."""
    assert result.path is not None
    return Path(result.path)


def configure(endpoint: str, output: Path | str, *, environ: Mapping[str, str] = TOKEN, **flags: object) -> Config:
    given = {"rate_per_s": "unlimited", **flags, "endpoint": endpoint, "output": str(output)}
    return load(flags=given, environ=environ, file_text=None, file_name=None).config


def crawl(
    endpoint: str,
    output: Path | str,
    *,
    environ: Mapping[str, str] = TOKEN,
    clock: QuickClock | None = None,
    **flags: object,
) -> RunResult:
    """Crawl into `output` without waiting between retries."""
    config = configure(endpoint, output, environ=environ, **flags)
    return run_crawl(config, environ, clock=clock or QuickClock())


def records(snapshot: Path, center: str = "*") -> list[dict[str, Any]]:
    """Return all records of a snapshot in the order of its parts."""
    parts = sorted(snapshot.glob(f"**/center={center}/part-*.ndjson"))
    return [orjson.loads(line) for part in parts for line in part.read_bytes().splitlines()]


def parts(snapshot: Path) -> dict[str, bytes]:
    """Return the bytes of every part, by its path."""
    return {str(path.relative_to(snapshot)): path.read_bytes() for path in sorted(snapshot.glob("**/*.ndjson"))}


Key = tuple[str, str, str, str]


def keys(items: list[dict[str, Any]], center: str) -> list[Key]:
    return [(center, item["domain_name"], item["namespace"], item["name"]) for item in items]


def inventory_keys(inventory: Inventory) -> set[Key]:
    """Return the keys of all records of an inventory."""
    return {key for center in CENTERS for key in keys(list(inventory.items(center)), center)}


def published_keys(snapshot: Path) -> list[Key]:
    return [(r["center"], r["domain_name"], r["namespace"], r["name"]) for r in records(snapshot)]


def all_read(result: RunResult, inventory: Inventory) -> bool:
    """Return whether a crawl that must have ended with 0 published the records of an inventory, and no others."""
    assert exit_code_of(result) == 0, result.errors
    return set(published_keys(snapshot_of(result))) == inventory_keys(inventory)
