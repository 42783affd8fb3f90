"""What each command does once its flags are read: the pieces put together, the exit code given."""

import gc
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import click
import orjson

from crawler.config import Config, Loaded
from crawler.errors import ConfigError, DiskError, IncompleteError
from crawler.wording import count, counted, duration, escaped, size

Environ = Mapping[str, str]


def crawl(config: Config, environ: Environ) -> int:
    """Crawl, publish, and say in a few lines how it went."""
    with _uncollected():
        from crawler import logs, progress, summary  # noqa: PLC0415 - what a run needs is imported by a run
        from crawler.run import STDOUT, run_crawl  # noqa: PLC0415

    logs.configure(config.log_format)
    if config.summary_file is not None:
        _check_folder_of(Path(config.summary_file))  # now, and not after hours of crawling
    # Records on a terminal would write over the view.
    mode = "off" if config.output == STDOUT and sys.stdout.isatty() else config.progress
    result = run_crawl(config, environ, watch=progress.watcher(mode, config.log_format))
    _tell(summary.summary(result, style=_style(result.exit_code)))
    if config.summary_file is not None:
        _write(Path(config.summary_file), summary.summary_json(result))
    return result.exit_code


@contextmanager
def _uncollected() -> Iterator[None]:
    """Import without looking for garbage, now or ever: modules are none, and it takes a sixth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _style(exit_code: int) -> Callable[[str], str]:
    """Colour the verdict; click leaves colours out where no terminal takes them."""
    colours = {0: "green", IncompleteError.exit_code: "yellow"}
    return partial(click.style, fg=colours.get(exit_code, "red"), bold=True)


def _tell(text: str) -> None:
    colour = None if "NO_COLOR" not in os.environ else False
    with suppress(OSError):  # nobody reads standard error any more: no reason to fail a crawl that did not
        click.echo(text, err=True, color=colour)


def plan(config: Config, environ: Environ, *, as_json: bool) -> int:
    """Ask for totals and print what a crawl would cost."""
    from crawler import logs  # noqa: PLC0415
    from crawler.survey import survey  # noqa: PLC0415
    from crawler.tables import print_table  # noqa: PLC0415

    logs.configure(config.log_format)
    found = survey(config, environ)
    seconds = found.seconds()
    if as_json:
        walks = [{**walk.walk._asdict(), "records": walk.records, "requests": walk.requests} for walk in found.walks]
        total = {"walks": len(walks), "records": found.records, "requests": found.requests, "seconds": seconds}
        _print_json({**total, "unknown": found.unknown, "limit": found.limit, "by_walk": walks})
        return 0
    rows = [
        (str(walk.walk), "unknown" if walk.records is None else count(walk.records), count(walk.requests))
        for walk in found.walks
    ]
    rows.append((f"{len(rows)} walks", count(found.records), count(found.requests)))
    print_table(("walk", "records", "requests"), rows, right=frozenset({1, 2}))
    click.echo(_cost(found.limit, seconds, found.unknown))
    return 0


def _cost(limit: int, seconds: float | None, unknown: int) -> str:
    time = "no rate is set" if seconds is None else f"at the configured rate {duration(seconds)}"
    more = f"; {unknown} walks declare no total and cost more" if unknown else ""
    return f"pages of {limit}; {time}{more}"


def verify(folder: Path, *, as_json: bool) -> int:
    """Hold a snapshot against its manifest; 3 when something differs."""
    from crawler.snapshot.reader import open_snapshot  # noqa: PLC0415
    from crawler.snapshot.verify import verify as check  # noqa: PLC0415

    snapshot = open_snapshot(folder)
    report = check(snapshot)
    if as_json:
        _print_json({"snapshot": snapshot.manifest.snapshot, "status": snapshot.manifest.status, **report._asdict()})
    else:
        for difference in report.differences:
            click.echo(difference)
        verdict = f"{len(report.differences)} differences" if report.differences else "as its manifest says"
        click.echo(
            f"snapshot {escaped(snapshot.manifest.snapshot)} ({snapshot.manifest.status}): {verdict}; "
            f"{count(report.records)} records in {counted(report.files, 'file')}, {size(report.bytes)} read"
        )
    return IncompleteError.exit_code if report.differences else 0


def schema(which: str) -> None:
    """Print the JSON Schema of one thing that is written, or of all of them by name."""
    from crawler.audit.finding import schema as of_finding  # noqa: PLC0415
    from crawler.snapshot.diff import schema as of_change  # noqa: PLC0415
    from crawler.snapshot.manifest import schemas  # noqa: PLC0415

    every = {**schemas(), "change": of_change(), "finding": of_finding()}
    _print_json(every if which == "all" else every[which])


def show(loaded: Loaded, environ: Environ, *, as_json: bool) -> None:
    """Print every setting, its value and where it was written."""
    from crawler.config import describe  # noqa: PLC0415
    from crawler.keys import profile_of  # noqa: PLC0415
    from crawler.tables import print_table  # noqa: PLC0415

    profiles = {target.credentials_file: profile_of(target, environ) for target in loaded.config.targets}
    rows = describe(loaded, environ, profiles)
    if as_json:
        _print_json([row._asdict() for row in rows])
    else:
        print_table(("setting", "value", "unit", "origin"), [(r.setting, r.value, r.unit, r.origin) for r in rows])


def emulate(inventory: Path | None, ready_file: Path | None, faults: tuple[str, ...], settings: dict[str, Any]) -> int:
    """Serve made-up repositories, or those of a file, until a signal."""
    from crawler.emulator.faults import FAULTS, parse_fault  # noqa: PLC0415
    from crawler.emulator.inventory import from_ndjson, synthetic  # noqa: PLC0415
    from crawler.emulator.server import EmulatorSettings, serve_until_signalled  # noqa: PLC0415

    if "list" in faults:
        click.echo("\n".join(FAULTS))
        return 0
    shape = {name: settings.pop(name) for name in ("namespaces", "repositories", "even")}
    if inventory is None:
        served = synthetic(seed=settings["seed"], **shape)
    else:
        try:
            with inventory.open("rb") as lines:
                served = from_ndjson(lines, source=str(inventory))
        except OSError as error:
            raise ConfigError(f"--inventory: cannot read {inventory}: {error.strerror}") from None
    chosen = tuple(parse_fault(fault) for fault in faults)
    serve_until_signalled(EmulatorSettings(inventory=served, faults=chosen, **settings), ready_file=ready_file)
    return 0


def _print_json(content: object) -> None:
    text = orjson.dumps(content, option=orjson.OPT_INDENT_2).decode()
    lines = (escaped(line) for line in text.split("\n"))  # JSON leaves U+009B as it is: some terminals obey it
    sys.stdout.buffer.write("".join(f"{line}\n" for line in lines).encode())
    sys.stdout.flush()


def _check_folder_of(path: Path) -> None:
    if path.is_dir() or not os.access(path.parent, os.W_OK | os.X_OK):
        raise ConfigError(f"summary_file: cannot write {path}; name a file in a folder that can be written")


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise DiskError(
            f"summary_file: cannot write {path}: {error.strerror}; make room or name another file"
        ) from None


def demo(flags: dict[str, Any], repositories: int, seed: int) -> int:
    """Start the emulator in this process, crawl it, verify what came of it, and show three records."""
    from crawler.demo import demo as run  # noqa: PLC0415

    return run(flags, repositories, seed, os.environ)
