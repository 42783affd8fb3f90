"""The command as a new user or a container has it: no HOME, an unknown uid, no folder that can be written, odd streams.

Each is a real process, which has the variables that are given here and no others. Exit code 70 is a bug everywhere.
"""

import json
import os
import resource
import select
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import pytest

from crawler.emulator.inventory.ndjson import synthetic
from crawler.emulator.server import RunningEmulator
from tests.support.emulator_fixture import environ_of, serve
from tests.support.other_system import other_system, run_alone
from tests.support.sweeps import sampled, swept

pytestmark = pytest.mark.unmeasured

INVENTORY = synthetic(namespaces=2, repositories=40, seed=3)
# Nobody knows the user, and nothing is set: what `setpriv --reuid 4242` and `env -i` make.
UNKNOWN_USER = other_system({"pwd.getpwuid": "KeyError"})
NO_TEMPORARY_FOLDER = other_system({"tempfile._get_default_tempdir": "ENOENT"})
ASCII = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
SQL = "select description from repositories order by description desc limit 3"


@pytest.fixture(scope="module")
def served() -> Iterator[RunningEmulator]:
    with serve(INVENTORY) as running:
        yield running


@pytest.fixture
def target(served: RunningEmulator) -> dict[str, str]:
    return environ_of(served)


def has_one_line(text: str, *words: str) -> bool:
    return text.count("\n") == 1 and text.startswith("swr-crawler: ") and all(word in text for word in words)


# ---- no HOME, an unknown uid


def test_an_unknown_user_without_a_home_folder_is_asked_for_credentials_and_meets_no_bug(
    served: RunningEmulator, tmp_path: Path
) -> None:
    environ = {**UNKNOWN_USER, "SWR_CRAWLER_ENDPOINT": served.endpoint}
    crawl = run_alone("crawl", folder=tmp_path, environ=environ)
    assert crawl.code == 77
    assert has_one_line(crawl.err, "; ")
    shown = run_alone("config", "show", folder=tmp_path, environ=environ)
    assert (shown.code, shown.err) == (0, "")


def test_a_secret_below_the_home_folder_of_an_unknown_user_says_that_home_is_not_set(
    served: RunningEmulator, tmp_path: Path
) -> None:
    (tmp_path / "crawler.toml").write_text('[crawl]\ntoken = "file:~/token"\n')
    environ = {**UNKNOWN_USER, "SWR_CRAWLER_ENDPOINT": served.endpoint, "SWR_CRAWLER_CONFIG": "crawler.toml\n"}
    ended = run_alone("crawl", folder=tmp_path, environ=environ)
    assert ended.code == 77
    assert has_one_line(ended.err, "file:~/token", "set HOME, or write the whole path")


def test_an_unknown_user_without_a_home_folder_crawls_and_reads_what_was_crawled(
    target: Mapping[str, str], tmp_path: Path
) -> None:
    environ = {**UNKNOWN_USER, **target}
    crawl = run_alone("crawl", folder=tmp_path, environ=environ)
    assert crawl.code == 0, crawl.err
    for command in (
        ("plan",),
        ("verify", "output/latest"),
        ("list",),
        ("prune", "--keep-last", "1"),
        ("diff", "latest", "latest"),
        ("audit", "latest", "--fail-on", "never"),
        ("query", "latest", SQL),
        ("report", "latest"),
        ("schema",),
        ("demo", "--repositories", "20", "--output", "demo"),
    ):
        ended = run_alone(*command, folder=tmp_path, environ=environ)
        assert ended.code == 0, (command, ended.err)


# ---- no folder for temporary files


def test_what_needs_a_temporary_folder_says_so_where_there_is_none(target: Mapping[str, str], tmp_path: Path) -> None:
    environ = {**NO_TEMPORARY_FOLDER, **target}
    assert run_alone("crawl", folder=tmp_path, environ=environ).code == 0
    for command in (("crawl", "--output", "-"), ("query", "latest", SQL)):
        ended = run_alone(*command, folder=tmp_path, environ=environ)
        assert ended.code == 74
        assert has_one_line(ended.err, "no folder takes temporary files", "set TMPDIR")


# ---- encodings


def test_text_that_the_encoding_of_standard_output_lacks_is_written_as_escapes(
    target: Mapping[str, str], tmp_path: Path
) -> None:
    assert run_alone("crawl", folder=tmp_path, environ=target).code == 0
    ended = run_alone("query", "latest", SQL, folder=tmp_path, environ=ASCII)
    assert ended.code == 0
    assert "\\u" in ended.out
    records = run_alone("query", "latest", SQL, "--json", folder=tmp_path, environ=ASCII)
    assert all(json.loads(line)["description"] for line in records.out.splitlines())  # JSON is UTF-8 all the same


def test_a_path_that_the_encoding_of_file_names_lacks_is_a_setting_to_correct(
    target: Mapping[str, str], tmp_path: Path
) -> None:
    (tmp_path / "crawler.toml").write_text('[crawl]\noutput = "données"\n', encoding="utf-8")
    environ = {**ASCII, **target}
    ended = run_alone("crawl", "--config", "crawler.toml", folder=tmp_path, environ=environ)
    assert ended.code == 78
    assert has_one_line(ended.err, "ascii", r"'\xe9'", "set LANG=C.UTF-8")


# ---- streams


def test_records_piped_to_a_reader_that_ends_early_end_quietly(target: Mapping[str, str], tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "pass"], stdin=subprocess.PIPE) as head:
        head.wait()
        ended = run_alone("crawl", "--output", "-", folder=tmp_path, environ=target, stdout=head.stdin or 0)
    assert (ended.code, "swr-crawler:" in ended.err) == (141, False)


@pytest.mark.parametrize("command", [("crawl", "--output", "-"), ("schema",)])
def test_a_pipe_that_does_not_wait_gets_every_byte(
    target: Mapping[str, str], tmp_path: Path, command: tuple[str, ...]
) -> None:
    expected = run_alone(*command, folder=tmp_path, environ=target).out
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    os.write(writing, b"x" * 65536)  # full, until the command has had to wait
    code = "import sys; from tests.cli.test_fresh_user import slow_copy; slow_copy()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=reading, stdout=subprocess.PIPE) as reader:  # noqa: S603
        ended = run_alone(*command, folder=tmp_path, environ=target, stdout=writing)
        os.close(writing)
        os.close(reading)
        got, _ = reader.communicate()
    assert ended.code == 0, ended.err
    assert got.decode() == "x" * 65536 + expected


def slow_copy() -> None:
    """Copy standard input, a kilobyte at a time, each when there is one."""
    while select.select([0], [], [])[0] and (block := os.read(0, 1024)):
        sys.stdout.buffer.write(block)


def test_records_for_a_closed_standard_output_are_not_silently_lost(target: Mapping[str, str], tmp_path: Path) -> None:
    ended = run_alone("crawl", "--output", "-", folder=tmp_path, environ=target, before=lambda: os.close(1))
    assert ended.code == 74
    assert "cannot write to standard output: Bad file descriptor" in ended.last_line


# ---- limits of the machine


def limited(which: int, limit: int) -> None:
    resource.setrlimit(which, (limit, limit))


@pytest.mark.parametrize("limit", sampled([6, 8, 10, 12, 14, 16, 20, 64], 2))
def test_few_open_files_are_enough_or_named(target: Mapping[str, str], tmp_path: Path, limit: int) -> None:
    ended = run_alone("crawl", folder=tmp_path, environ=target, before=lambda: limited(resource.RLIMIT_NOFILE, limit))
    assert ended.code in {0, 74, 75}
    assert ended.code == 0 or "ulimit -n" in ended.err
    assert ended.code == 0 or limit < 20


@swept(2)
@pytest.mark.parametrize("command", [("plan",), ("demo", "--repositories", "20")])
def test_the_other_commands_name_the_limit_of_open_files_too(
    target: Mapping[str, str], tmp_path: Path, command: tuple[str, ...], every: int
) -> None:
    for limit in (6, 8, 10, 12)[::every]:
        ended = run_alone(
            *command, folder=tmp_path, environ=target, before=partial(limited, resource.RLIMIT_NOFILE, limit)
        )
        assert ended.code in {0, 74, 75}, ended.err
        assert ended.code == 0 or "ulimit -n" in ended.err


@pytest.mark.parametrize("command", [("crawl",), ("plan",), ("demo",), ("emulate",)])
def test_too_few_files_for_an_event_loop_are_one_line(
    target: Mapping[str, str], tmp_path: Path, command: tuple[str, ...]
) -> None:
    five = partial(limited, resource.RLIMIT_NOFILE, 5)  # with four Python itself cannot start
    ended = run_alone(*command, folder=tmp_path, environ=target, before=five)
    assert ended.code == 74
    assert has_one_line(ended.err, "Too many open files", "may have 5 open at a time: raise the limit with `ulimit -n`")


def test_the_limit_of_a_file_s_size_is_no_full_disk(target: Mapping[str, str], tmp_path: Path) -> None:
    small = partial(limited, resource.RLIMIT_FSIZE, 4096)
    for command in (("crawl",), ("crawl", "--output", "-"), ("schema",)):
        with (tmp_path / "out").open("wb") as out:
            ended = run_alone(*command, folder=tmp_path, environ=target, stdout=out.fileno(), before=small)
        assert ended.code == 74
        assert "File too large; this process may write files of 4096 bytes at most" in ended.last_line


def test_no_threads_are_named_as_the_limit_that_they_are(target: Mapping[str, str], tmp_path: Path) -> None:
    refused = "RuntimeError: can't start new thread"
    starts = {"threading._start_new_thread": refused, "threading._start_joinable_thread": refused}  # 3.12, 3.13
    environ = {**target, **other_system(starts)}
    for command in (("crawl",), ("crawl", "--output", "-"), ("demo", "--repositories", "20")):
        ended = run_alone(*command, folder=tmp_path, environ=environ)
        assert ended.code == 74
        assert "no more threads: raise the limit of `ulimit -u`" in ended.last_line


# ---- other systems


def test_windows_is_told_at_once_that_it_is_not_supported(tmp_path: Path) -> None:
    environ = other_system({"sys.platform": "win32", "fcntl.flock": None})
    ended = run_alone("crawl", folder=tmp_path, environ=environ)
    assert ended.code == 78
    assert has_one_line(ended.err, "does not run on Windows: run it in WSL", "in a container")
    imported = subprocess.run(
        [sys.executable, "-c", "from crawler import crawl"], env=environ, capture_output=True, text=True, check=False
    )
    assert imported.stderr.splitlines()[-1].startswith("ImportError: swr-crawler does not run on Windows")
