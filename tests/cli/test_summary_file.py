"""A summary file that cannot be written is said, with what stands nevertheless; nothing waits for ever."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import orjson
import pytest

from crawler.emulator.inventory.ndjson import synthetic
from tests.support.cli_runner import Say, saying
from tests.support.emulator_fixture import TOKEN, serve

INVENTORY: Final = synthetic(namespaces=20, repositories=60, seed=7)
ID: Final = "night"


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Say:
    run = saying(capfd, monkeypatch)
    for name, value in TOKEN.items():
        monkeypatch.setenv(name, value)
    return run


def command(endpoint: str, output: Path, summary: Path | str) -> list[str]:
    named = [flag for name in INVENTORY.namespaces("self") for flag in ("--namespace", name)]
    where = ["--endpoint", endpoint, "--output", str(output), "--snapshot", ID, "--summary-file", str(summary)]
    return ["crawl", *where, *named, "--center", "self", "--rate", "unlimited", "--progress", "off"]


def test_a_pipe_without_a_reader_is_said_and_so_is_what_is_published(say: Say, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with serve(INVENTORY) as served:
        said = say(*command(served.endpoint, tmp_path / "output", tmp_path / "pipe"))
        asked = served.counters()["requests"]
        again = say(*command(served.endpoint, tmp_path / "output", tmp_path / "summary.json"))
        assert served.counters()["requests"] == asked
    snapshot = tmp_path / "output" / f"snapshot={ID}"
    assert said.code == 74
    assert said.err.splitlines()[-1] == (
        f"swr-crawler: summary_file: cannot write {tmp_path / 'pipe'}: no program reads this pipe; {snapshot} is "
        "published; the run itself ended with exit code 0; name a file that can be written"
    )
    assert again.code == 0
    assert orjson.loads((tmp_path / "summary.json").read_bytes())["exit_code"] == 0


def test_a_device_that_is_full_is_said_after_nothing_was_published_too(say: Say, tmp_path: Path) -> None:
    with serve(INVENTORY, token="another") as served:
        said = say(*command(served.endpoint, tmp_path / "output", "/dev/full"))
    assert said.code == 74
    assert "/dev/full: No space left on device; the run itself ended with exit code 77; name" in said.err
    assert "is published; the run" not in said.err


def has_open(process: int, path: Path) -> bool:
    """Return whether a process has this file open."""
    found = set()
    for descriptor in Path(f"/proc/{process}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found.add(descriptor.readlink())
    return path in found


def test_a_signal_ends_the_wait_for_a_reader_that_never_reads(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    writer = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    os.write(writer, bytes(fcntl.fcntl(writer, fcntl.F_GETPIPE_SZ)))
    with serve(INVENTORY) as served:
        arguments = command(served.endpoint, tmp_path / "output", path)
        with subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-m", "crawler", *arguments],
            env={**os.environ, **TOKEN},
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            while not has_open(process.pid, path):  # then it waits until somebody reads
                assert process.poll() is None
                time.sleep(0.01)
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=30)
    os.close(reader)
    os.close(writer)
    assert process.returncode == 74
    assert f"cannot write {path}: interrupted; {tmp_path / 'output' / f'snapshot={ID}'} is published; " in err
    assert "Traceback" not in err
