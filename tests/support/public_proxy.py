"""A public HTTP proxy (https://github.com/abhinavsingh/proxy.py) as a process of its own.

Our own proxy (tests/support/connect_proxy.py) and our client could misread the protocol in the same way; this one was
written by others. It alone resolves names that end in .test, and its log has each request.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

PASSED_ON: Final = "passed on to port "  # a line of the log has it before port, method and host of a request
_ROOT: Final = Path(__file__).parents[2]
_PLUGIN: Final = "tests.support.proxy_plugin.NamesOfTests"
_ONE_PROCESS: Final = ("--num-acceptors", "1", "--num-workers", "1")


class PublicProxy(NamedTuple):
    """A proxy that runs. `endpoint` is its origin, without credentials; "" for one on a Unix socket."""

    endpoint: str
    log: Path

    def asked(self, port: int) -> list[str]:
        """Return `METHOD host` of each request to a port that the proxy passed on."""
        start = f"{PASSED_ON}{port} "
        return [line.partition(start)[2] for line in self.log.read_text().splitlines() if start in line]


@contextmanager
def public_proxy(folder: Path, *, credentials: str = "", unix_socket: Path | None = None) -> Iterator[PublicProxy]:
    """Yield a proxy that demands these USER:PASSWORD, "" for none; it listens on 127.0.0.1, or on `unix_socket`.

    `folder` is for its files: none of them is there yet.
    """
    ready, log = folder / "ready", folder / "log"
    command = [sys.executable, "-m", "proxy", *_ONE_PROCESS, "--plugins", _PLUGIN]
    command += ["--port-file", str(ready), "--log-file", str(log), "--data-dir", str(folder / "data")]
    command += ["--basic-auth", credentials] if credentials else []
    where = ["--unix-socket-path", str(unix_socket)] if unix_socket else ["--hostname", "127.0.0.1", "--port", "0"]
    own = {"PATH": os.defpath, "PYTHONPATH": str(_ROOT), "HOME": str(folder)}  # it makes a folder in its home
    with (folder / "said").open("wb") as said, _group([*command, *where], own, said.fileno()) as process:
        while not ready.exists() or not (unix_socket or ready.read_text().endswith("\n")):
            assert process.poll() is None, (folder / "said").read_text()
            time.sleep(0.005)  # another process: there is nothing to await
        yield PublicProxy("" if unix_socket else f"http://127.0.0.1:{ready.read_text().split()[0]}", log)


@contextmanager
def _group(command: list[str], environ: dict[str, str], output: int) -> Iterator[subprocess.Popen[bytes]]:
    """Yield a process that runs until the context ends, and end it with all that it started."""
    process = subprocess.Popen(  # noqa: S603 - what the module says
        command, env=environ, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
