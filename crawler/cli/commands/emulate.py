"""What `swr-crawler emulate` does once its flags are read: serve synthetic repositories until a signal."""

import asyncio
from pathlib import Path
from typing import Any, Final

import orjson

from crawler.cli.console.output import say
from crawler.cli.console.process_signals import SIGNALS
from crawler.cli.console.signals import SignalStop
from crawler.emulator.faults.registry import FAULTS, parse_fault
from crawler.emulator.http.request import POD_CREDENTIALS
from crawler.emulator.inventory.ndjson import from_ndjson
from crawler.emulator.inventory.synthetic import synthetic
from crawler.emulator.server import EmulatorSettings, RunningEmulator, emulator
from crawler.emulator.tls import ServerTls, make_server_tls
from crawler.errors import ConfigError, DiskError
from crawler.files.atomic import can_be_file, replacing
from crawler.files.disk_errors import reason_and_advice
from crawler.files.presence import exists, is_file
from crawler.files.regular import bounded_lines

_MAX_LINE_BYTES: Final = 16 * 2**20
_MAX_INVENTORY_BYTES: Final = 16 * 2**30


def emulate(
    inventory: Path | None,
    ready_file: Path | None,
    faults: tuple[str, ...],
    settings: dict[str, Any],
    tls: tuple[Path, bool] | None = None,
) -> int:
    """Serve synthetic repositories, or those of the file `inventory`, until a signal; return the exit code.

    With "list" among `faults`, print the names of all faults instead. `tls` is the folder for what a client of https
    needs, and whether it must show a certificate; None serves http. Raises ConfigError (port, inventory),
    UsageError (faults), DiskError (ready_file, tls).
    """
    if "list" in faults:
        say("\n".join(FAULTS))
        return 0
    shape = {name: settings.pop(name) for name in ("namespaces", "repositories", "uniform")}
    if inventory is None:
        served = synthetic(seed=settings["seed"], **shape)
    else:
        try:
            with inventory.open("rb") as lines:
                bounded = bounded_lines(
                    inventory, lines, max_line_bytes=_MAX_LINE_BYTES, max_bytes=_MAX_INVENTORY_BYTES
                )
                served = from_ndjson(bounded, source=str(inventory))
        except OSError as error:
            raise ConfigError(f"--inventory: cannot read {inventory}: {error.strerror}") from None
    parsed = tuple(parse_fault(fault) for fault in faults)
    secured = None if tls is None else make_server_tls(tls[0], require_client_cert=tls[1])
    chosen = EmulatorSettings(inventory=served, faults=parsed, **settings)
    serve_until_signalled(chosen, ready_file=ready_file, tls=secured)
    return 0


def serve_until_signalled(settings: EmulatorSettings, *, ready_file: Path | None, tls: ServerTls | None = None) -> None:
    """Serve until SIGTERM or SIGINT, then write the counters to standard output as one line of JSON.

    When the emulator listens, `ready_file` appears complete: a JSON object of strings with `endpoint`, `token`, `ak`,
    `sk`, `project_id`, `project_name`, `user`, `password`, `domain`, `id_token`, `provider_urn`, `agency_urn`, `idp`,
    `pod_url`, and `security_token` if the key has one; with `tls` also `ca_file`, `client_cert` and `client_key`.
    A file of an earlier run is removed first, so that it does not name a dead endpoint.

    Raises ConfigError (port), DiskError (ready_file).
    """
    SIGNALS.watch()
    counters = asyncio.run(_serve(settings, ready_file, tls))
    say(orjson.dumps(counters).decode())


async def _serve(settings: EmulatorSettings, ready_file: Path | None, tls: ServerTls | None) -> dict[str, Any]:
    if ready_file is not None:
        _replace(ready_file, None)
    async with emulator(settings, tls=tls.context if tls else None) as running:
        if ready_file is not None:
            files = {} if tls is None else {name: str(path) for name, path in tls.files.items()}
            _replace(ready_file, orjson.dumps(_connection(running) | files) + b"\n")
        await SignalStop().wait()
    return running.counters()


def _connection(running: RunningEmulator) -> dict[str, str]:
    """Return the endpoint and the credentials that a client needs."""
    identity = running.identity
    content = {
        "endpoint": running.endpoint,
        "token": identity.token,
        "ak": identity.ak,
        "sk": identity.sk,
        "project_id": identity.project_id,
        "project_name": identity.project_name,
        "user": identity.user,
        "password": identity.password,
        "domain": identity.domain,
        "id_token": identity.id_token,
        "provider_urn": identity.provider_urn,
        "agency_urn": identity.agency_urn,
        "idp": identity.idp,
        "pod_url": running.endpoint + POD_CREDENTIALS,
    }
    return content if identity.security_token is None else content | {"security_token": identity.security_token}


def _replace(ready_file: Path, content: bytes | None) -> None:
    """Replace the file in one step, or remove it if `content` is None. Raises DiskError."""
    try:
        if not can_be_file(ready_file) or (exists(ready_file) and not is_file(ready_file)):  # root could replace it
            raise DiskError(f"cannot write {ready_file}: it is no file; name one in an existing folder")
        if content is None:
            ready_file.unlink(missing_ok=True)
        else:
            with replacing(ready_file) as file:
                file.write(content)
    except OSError as error:
        raise DiskError(f"cannot write {ready_file}: {reason_and_advice(error)}") from error
