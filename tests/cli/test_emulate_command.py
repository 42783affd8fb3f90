"""The emulator as a process of its own: ready file, signals, counters."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest

from crawler.cli.commands.emulate import serve_until_signalled
from crawler.cli.run_command import run_command
from crawler.emulator.server import EmulatorSettings
from crawler.errors import DiskError
from tests.emulator.client import numbered

STALE = b"left by an earlier run"
PROGRAM = """
import sys
from pathlib import Path
from crawler.cli.console.process_signals import SIGNALS
from crawler.emulator.inventory.synthetic import synthetic
from crawler.cli.commands.emulate import serve_until_signalled
from crawler.cli.run_command import run_command
from crawler.emulator.server import EmulatorSettings
SIGNALS.install()
settings = EmulatorSettings(inventory=synthetic(namespaces=2, repositories=20, seed=0), port=int(sys.argv[1]))
serve_until_signalled(settings, ready_file=Path(sys.argv[2]) if len(sys.argv) > 2 else None)
"""


def wait_for(ready_file: Path, process: subprocess.Popen[bytes]) -> dict[str, str]:
    while (found := _read(ready_file)) == STALE:
        assert process.poll() is None
        time.sleep(0.005)  # another process: there is nothing to await
    content: dict[str, str] = orjson.loads(found)
    return content


def _read(ready_file: Path) -> bytes:
    try:
        return ready_file.read_bytes()
    except FileNotFoundError:  # between two runs
        return STALE


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None
        time.sleep(0.005)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_with_its_counters(tmp_path: Path, number: signal.Signals) -> None:
    ready_file = tmp_path / "ready.json"
    ready_file.write_bytes(STALE)
    command = [sys.executable, "-c", PROGRAM, "0", str(ready_file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:  # noqa: S603
        ready = wait_for(ready_file, process)
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    who = {"token", "ak", "sk", "project_id", "project_name", "user", "password", "domain"}
    workload = {"id_token", "provider_urn", "agency_urn", "idp", "pod_url"}
    assert set(ready) == {"endpoint", *who, *workload}
    assert ready["pod_url"] == f"{ready['endpoint']}/v1/credentials"
    assert all(ready.values())
    assert ready["endpoint"].startswith("http://127.0.0.1:")
    assert (process.returncode, err) == (0, b"")
    assert out.count(b"\n") == 1
    assert orjson.loads(out)["requests"] == 0
    assert list(tmp_path.iterdir()) == [ready_file]


def test_without_a_ready_file_it_serves_at_the_port_given() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", PROGRAM, str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own interpreter
        wait_for_port(port, process)
        process.terminate()
        out, _ = process.communicate(timeout=10)
    assert process.returncode == 0
    assert orjson.loads(out)["by_status"] == {}


def test_a_ready_file_that_cannot_be_written_is_a_disk_error(tmp_path: Path) -> None:
    with pytest.raises(DiskError, match=r"cannot write .*missing/ready\.json"):
        serve_until_signalled(EmulatorSettings(inventory=numbered(1)), ready_file=tmp_path / "missing" / "ready.json")


@pytest.mark.parametrize("mutual", [False, True])
def test_with_tls_it_serves_https_to_who_trusts_its_throw_away_authority(tmp_path: Path, *, mutual: bool) -> None:
    ready_file, folder = tmp_path / "ready.json", tmp_path / "tls"
    ready_file.write_bytes(STALE)
    flags = ["--repositories", "20", "--ready-file", str(ready_file), "--tls", str(folder)]
    flags += ["--require-client-cert"] if mutual else []
    with subprocess.Popen([sys.executable, "-m", "crawler", "emulate", *flags], stdout=subprocess.PIPE) as process:  # noqa: S603 - ourselves
        ready = wait_for(ready_file, process)
        keys = {"client_cert", "client_key"} if mutual else set()
        settings = {name: ready[name] for name in {"endpoint", "token", "ca_file"} | keys}
        environ = {f"SWR_CRAWLER_{name.upper()}": value for name, value in settings.items()}
        own = {"PATH": "/usr/bin:/bin", **environ}
        crawl = [sys.executable, "-m", "crawler", "crawl", "--output", str(tmp_path / "out")]
        done = subprocess.run(crawl, env=own, capture_output=True, text=True, check=False)  # noqa: S603 - ourselves
        process.terminate()
    assert ready["endpoint"].startswith("https://localhost:")
    assert done.returncode == 0, done.stderr
    assert (folder / "client.key").stat().st_mode & 0o777 == 0o600


def test_a_client_certificate_is_demanded_with_tls_only(capfd: pytest.CaptureFixture[str]) -> None:
    assert run_command(["emulate", "--require-client-cert"]) == 2
    assert "--require-client-cert: needs --tls DIR" in capfd.readouterr().err


def test_tls_without_the_library_for_it_names_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys, importlib.util\n"
        "found = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name: None if name == 'trustme' else found(name)\n"
        "from crawler.cli.main import main\n"
        "main(['emulate', '--tls', sys.argv[1]])\n"
    )
    line = [sys.executable, "-c", code, str(tmp_path / "tls")]
    done = subprocess.run(line, capture_output=True, text=True, check=False)  # noqa: S603 - ourselves
    assert done.returncode == 2
    assert "trustme is not installed; pip install 'swr-crawler[tls]' installs it" in done.stderr
    assert not (tmp_path / "tls").exists()
