"""What `swr-crawler demo` does: serve an emulated registry, crawl it and verify the snapshot, in one process."""

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final

import anyio.from_thread

import crawler
from crawler.cli.commands.crawl import crawl
from crawler.cli.console.output import say
from crawler.cli.console.process_signals import SIGNALS
from crawler.config.load import load
from crawler.emulator.inventory.center_rows import Inventory
from crawler.emulator.inventory.synthetic import synthetic
from crawler.emulator.server import EmulatorSettings, emulator
from crawler.errors import ConfigError
from crawler.files.presence import exists
from crawler.snapshot.history.latest import followed
from crawler.snapshot.layout import LATEST
from crawler.snapshot.reader import SnapshotReader, open_snapshot
from crawler.snapshot.verify import verify
from crawler.text.human import count, counted

_NAMESPACES: Final = 10  # in each center, with different names
_LATENCY_MS: Final = 20.0
_TOKEN: Final = "SWR_CRAWLER_TOKEN"  # noqa: S105 - the name of a variable
_FILE: Final = "demo.toml"


def demo(flags: Mapping[str, Any], repositories: int, seed: int, environ: Mapping[str, str]) -> int:
    """Crawl all namespaces of both centers of a synthetic registry; return the exit code of the crawl.

    `flags` are settings of the crawl by name. Settings in `environ` are ignored. Raises ConfigError if the installation
    lacks the demo's configuration, DiskError if standard output or the output folder fail.
    """
    inventory = synthetic(namespaces=_NAMESPACES, repositories=repositories, seed=seed)
    SIGNALS.watch()
    settings = EmulatorSettings(inventory=inventory, latency_ms=_LATENCY_MS, jitter_ms=_LATENCY_MS / 2)
    with (
        anyio.from_thread.start_blocking_portal() as portal,
        portal.wrap_async_context_manager(emulator(settings)) as served,
    ):
        _print(f"an emulated registry serves {count(repositories)} repositories at {served.endpoint}")
        settings_of_crawl = {**flags, "endpoint": served.endpoint, "namespaces": _all_namespaces(inventory)}
        path = _settings_file()
        # The user's own settings are ignored: the demo must not crawl a real registry, nor send a real token here.
        config = load(
            flags=settings_of_crawl,
            environ={_TOKEN: served.token},
            file_text=path.read_text(encoding="utf-8"),
            file_name=str(path),
        ).config
        without_settings = {name: value for name, value in environ.items() if not name.startswith("SWR_CRAWLER_")}
        code = crawl(config, {**without_settings, _TOKEN: served.token})
    if code == 0:
        with SIGNALS.raising():
            _show(open_snapshot(followed(Path(config.output, LATEST))))
    return code


def _all_namespaces(inventory: Inventory) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*inventory.namespaces("self"), *inventory.namespaces("thirdparty"))))


def _settings_file() -> Path:
    package = Path(crawler.__file__).parent
    for path in (package / _FILE, package.parent / "config" / _FILE):  # in an installation, or in a checkout
        if exists(path):
            return path
    raise ConfigError(f"{_FILE} is missing from this installation; reinstall swr-crawler")


def _show(snapshot: SnapshotReader) -> None:
    """Print three records and their file, then verify the snapshot and print the result."""
    first = next((file for file in snapshot.manifest.files if file.records), None)
    if first is not None:  # `--repositories 0` has no records to show
        _print(f"three of the records, from {snapshot.folder / first.path}:")
        for line in islice(snapshot.lines(first), 3):
            say(line.decode().rstrip("\n"))
    report = verify(snapshot)
    result = "; ".join(report.differences) or "no differences from the manifest"
    _print(f"read again, {count(report.records)} records in {counted(report.files, 'file')}: {result}")


def _print(message: str) -> None:
    say(message, err=True)
