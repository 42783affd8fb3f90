"""`swr-crawler emulate` after its flags are read: serves made-up repositories until a signal."""

from pathlib import Path
from typing import Any

import click

from crawler.errors import ConfigError


def emulate(inventory: Path | None, ready_file: Path | None, faults: tuple[str, ...], settings: dict[str, Any]) -> int:
    """Serve made-up repositories, or those of a file, until a signal; return 0. Raises ConfigError, UsageError."""
    from crawler.emulator.faults.registry import FAULTS, parse_fault  # noqa: PLC0415
    from crawler.emulator.inventory.ndjson import from_ndjson, synthetic  # noqa: PLC0415
    from crawler.emulator.server import EmulatorSettings, serve_until_signalled  # noqa: PLC0415

    if "list" in faults:
        click.echo("\n".join(FAULTS))
        return 0
    shape = {name: settings.pop(name) for name in ("namespaces", "repositories", "uniform")}
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
