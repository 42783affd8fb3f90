"""No argument, variable, file or answer makes a command end in 70, a traceback or more than its own lines.

Everything goes through the real entry point, in this process: `run_command` with the streams replaced. The commands
that read a snapshot have their own fuzz.
"""

import asyncio
import errno
import io
import os
import sys
from asyncio.selector_events import BaseSelectorEventLoop
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from socket import EAI_NONAME, gaierror
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Final, NamedTuple, NoReturn

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.cli import run_command as entry
from crawler.cli.exit_codes import EXIT_CODES
from crawler.crawl import estimate as estimating
from crawler.crawl import run as running
from crawler.model.stop_reason import StopReason
from tests.cli.fuzz_strategies import arguments, command, contents, environments, responses
from tests.support.emulator_fixture import TOKEN, QuickClock
from tests.support.examples import examples

pytestmark = pytest.mark.unmeasured

CODES: Final = {code.code for code in EXIT_CODES} - {70}
QUICK: Final = settings(
    max_examples=examples(quick=8), deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)
LONG: Final = settings(QUICK, max_examples=1000)
NOWHERE: Final = "http://127.0.0.1:9"


class Ended(NamedTuple):
    code: int
    out: bytes
    err: str


class AtOnce:
    """A StopSource that has asked already: a server ends as soon as it serves."""

    def watch(self) -> None:
        pass

    def reason(self) -> StopReason:
        return StopReason("signal", 15)

    async def wait(self) -> StopReason:
        return self.reason()


def raise_bug(error: Exception) -> NoReturn:
    raise AssertionError(f"a bug would be reported: {error!r}") from error


@pytest.fixture(autouse=True, scope="module")
def quick() -> Iterator[None]:
    """No example waits or leaves this host: clocks jump, `emulate` ends when it serves, and a bug is raised."""
    with pytest.MonkeyPatch.context() as patches:
        for module in (running, estimating):
            patches.setattr(module, "SystemClock", QuickClock)
        patches.setattr("crawler.cli.commands.emulate.SignalStop", AtOnce)
        patches.setattr("crawler.store.output.workspace.time.sleep", lambda _: None)
        patches.setattr(entry, "_report_bug", raise_bug)
        connect = BaseSelectorEventLoop.sock_connect

        async def only_here(loop: BaseSelectorEventLoop, socket: object, address: tuple[str, int]) -> None:
            if not address[0].startswith("127."):
                raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))
            await connect(loop, socket, address)  # type: ignore[arg-type]

        async def no_names(_loop: BaseSelectorEventLoop, *_: object, **__: object) -> NoReturn:
            raise gaierror(EAI_NONAME, "Name or service not known")

        patches.setattr(BaseSelectorEventLoop, "sock_connect", only_here)
        patches.setattr(BaseSelectorEventLoop, "getaddrinfo", no_names)
        yield


@contextmanager
def streams() -> Iterator[tuple[io.BytesIO, io.BytesIO]]:
    out, err = io.BytesIO(), io.BytesIO()
    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(sys, "stdout", io.TextIOWrapper(out, encoding="utf-8"))
        patches.setattr(sys, "stderr", io.TextIOWrapper(err, encoding="utf-8", errors="backslashreplace"))
        yield out, err
        sys.stderr.flush()


@contextmanager
def folder_with(content: bytes) -> Iterator[Path]:
    """Enter a folder that has what PATHS names."""
    with TemporaryDirectory(prefix="fuzz-") as name, pytest.MonkeyPatch.context() as patches:
        folder = Path(name)
        (folder / "file").write_bytes(content)
        (folder / "folder").mkdir()
        (folder / "link").symlink_to("file")
        (folder / "loop").symlink_to("loop")
        patches.chdir(folder)
        yield folder


def run(words: Sequence[str], environ: Mapping[str, str], content: bytes) -> Ended:
    with folder_with(content), streams() as (out, err), pytest.MonkeyPatch.context() as patches:
        for name in os.environ:
            if name.startswith(("SWR_CRAWLER_", "HW_", "OS_")):
                patches.delenv(name)
        for name, text in {**TOKEN, **environ}.items():
            patches.setenv(name, text)
        code = entry.run_command(list(words))
        return Ended(code, out.getvalue(), err.getvalue().decode())


def check(words: Sequence[str], environ: Mapping[str, str], content: bytes) -> None:
    ended = run(words, environ, content)
    assert ended.code in CODES, ended
    assert "Traceback" not in ended.err, ended
    if ended.code in {2, 78} and "unfinished: " not in ended.err:  # then the summary says why
        said = [line for line in ended.err.splitlines() if line.startswith("swr-crawler: ")]
        assert len(said) == 1, ended


endpoints = st.sampled_from(
    [NOWHERE, f"{NOWHERE}/", f"{NOWHERE}/path", f"{NOWHERE}?a", "http://127.0.0.1:99999", "x y", ""]
)
COMMANDS: Final = (("crawl",), ("plan",), ("config", "show"), ("emulate",), ("demo",))


def fuzz(names: tuple[str, ...], data: st.DataObject) -> None:
    words = [*names, *data.draw(arguments(command(*names), endpoints))]
    if names[0] == "demo":
        words += ["--repositories", "5"]
    elif names[0] == "emulate":
        words += ["--repositories", "5", "--namespaces", "2"]
    elif data.draw(st.booleans()):
        words += ["--endpoint", NOWHERE]
    check(words, data.draw(environments), data.draw(contents))


@pytest.mark.parametrize("names", COMMANDS)
@given(data=st.data())
@QUICK
def test_no_argument_variable_or_file_ends_in_a_bug_report(names: tuple[str, ...], data: st.DataObject) -> None:
    fuzz(names, data)


@pytest.mark.slow
@pytest.mark.parametrize("names", COMMANDS)
@given(data=st.data())
@LONG
def test_the_same_holds_for_thousands_of_them(names: tuple[str, ...], data: st.DataObject) -> None:
    fuzz(names, data)


@pytest.mark.parametrize("path", ["a" * 300, "loop", "loop/none", "folder", "file/none", "\udcff/none"])
@pytest.mark.parametrize(
    "words",
    [
        ["crawl", "--endpoint", NOWHERE, "--max-duration", "1", "--summary-file"],
        ["crawl", "--endpoint", NOWHERE, "--max-duration", "1", "--output"],
        ["crawl", "--endpoint", NOWHERE, "--max-duration", "1", "--config"],
        ["plan", "--endpoint", NOWHERE, "--namespaces-file"],
        ["emulate", "--inventory"],
        ["emulate", "--ready-file"],
        ["demo", "--repositories", "0", "--output"],
    ],
)
def test_no_path_ends_in_a_bug_report(words: list[str], path: str) -> None:
    check([*words, path], {}, b"")


@given(
    content=contents, flag=st.sampled_from(["--config", "--namespaces-file"]), name=st.sampled_from(["file", "link"])
)
@QUICK
def test_no_file_that_a_flag_names_ends_in_a_bug_report(content: bytes, flag: str, name: str) -> None:
    check(["config", "show", "--endpoint", NOWHERE, flag, name], {}, content)
    check(["crawl", "--endpoint", NOWHERE, flag, name, "--max-duration", "1"], {}, content)


@given(
    content=contents,
    environ=st.sampled_from(
        [
            {"SWR_CRAWLER_TOKEN": "", "SWR_CRAWLER_CREDENTIALS_FILE": "file"},
            {"SWR_CRAWLER_TOKEN": "", "SWR_CRAWLER_CREDENTIALS_FILE": "folder"},
            {"SWR_CRAWLER_TOKEN": "", "SWR_CRAWLER_CREDENTIALS_FILE": "loop"},
            {"SWR_CRAWLER_TOKEN": "\udcff"},
            {"SWR_CRAWLER_TOKEN": "", "SWR_CRAWLER_ACCESS_KEY": "a\nb", "SWR_CRAWLER_SECRET_KEY": "é"},
        ]
    ),
)
@QUICK
def test_no_credentials_end_in_a_bug_report(content: bytes, environ: dict[str, str]) -> None:
    for words in (["config", "show"], ["plan"], ["crawl", "--max-duration", "1"]):
        check([*words, "--endpoint", NOWHERE], environ, content)


class HostileService:
    """A server that answers with given bytes, one response after the other, again from the first one."""

    def __init__(self) -> None:
        self.responses: list[bytes] = [b""]
        self.endpoint = ""
        self._sent = 0
        self._ready, self._loop = Event(), asyncio.new_event_loop()
        self._thread = Thread(target=self._serve)

    def start(self) -> None:
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _serve(self) -> None:
        server = self._loop.run_until_complete(self._loop.create_server(lambda: _Answers(self), "127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._ready.set()
        self._loop.run_forever()
        server.close()
        self._loop.run_until_complete(server.wait_closed())

    def next_response(self) -> bytes:
        self._sent += 1
        return self.responses[self._sent % len(self.responses)]


class _Answers(asyncio.Protocol):
    def __init__(self, service: HostileService) -> None:
        self._service = service

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert isinstance(self._transport, asyncio.Transport)
        if b"\r\n\r\n" in data:
            self._transport.write(self._service.next_response())
            self._transport.close()


@pytest.fixture(scope="module")
def service() -> Iterator[HostileService]:
    running = HostileService()
    running.start()
    yield running
    running.stop()


def fuzz_answers(service: HostileService, answers: list[bytes], words: list[str]) -> None:
    service.responses = answers
    flags = ["--endpoint", service.endpoint, "--rate", "unlimited", "--max-duration", "20", "--progress", "off"]
    check([*words, *(flags[:4] if words[0] == "plan" else flags)], {}, b"")


WORDS: Final = st.sampled_from([["crawl"], ["crawl", "--discover"], ["plan"], ["crawl", "--output", "-"]])


@given(answers=st.lists(responses, min_size=1, max_size=4), words=WORDS)
@QUICK
def test_no_answer_ends_in_a_bug_report(service: HostileService, answers: list[bytes], words: list[str]) -> None:
    fuzz_answers(service, answers, words)


@pytest.mark.slow
@given(answers=st.lists(responses, min_size=1, max_size=4), words=WORDS)
@LONG
def test_the_same_holds_for_thousands_of_answers(
    service: HostileService, answers: list[bytes], words: list[str]
) -> None:
    fuzz_answers(service, answers, words)
