"""The command line raises its own limit of open files, and says what to do when that is not enough."""

import errno
import os
import resource
import subprocess
import sys

import aiohttp
import pytest

from crawler.cli import run_command
from crawler.files.disk_errors import ADVICE, reason_and_advice
from crawler.files.open_files import open_file_limit
from crawler.swr.http.network.failures import failure_of


@pytest.mark.unmeasured
@pytest.mark.parametrize(("soft", "hard", "raised"), [(64, 3000, 3000), (3000, 3000, 3000), (64, 64, 64)])
def test_the_limit_of_open_files_is_raised_to_what_the_system_allows(soft: int, hard: int, raised: int) -> None:
    code = (
        "import resource\n"
        f"resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))\n"
        "from crawler.cli.open_files import prepare_open_files\n"
        "prepare_open_files()\n"
        "print(*resource.getrlimit(resource.RLIMIT_NOFILE))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - ourselves
    assert done.stdout.split() == [str(raised), str(hard)]


def test_a_connection_that_the_limit_of_open_files_refuses_names_the_limit() -> None:
    refused = OSError(errno.EMFILE, os.strerror(errno.EMFILE))
    advice = f"this process may have {open_file_limit()} open at a time: raise the limit with `ulimit -n`"
    wrapped = aiohttp.ClientOSError(refused.errno, refused.strerror)
    assert (
        str(failure_of(refused)) == str(failure_of(wrapped)) == f"the connection failed (Too many open files); {advice}"
    )


def test_the_limit_of_the_whole_machine_is_another_one() -> None:
    refused = OSError(errno.ENFILE, os.strerror(errno.ENFILE))
    assert "all programs of this machine" in reason_and_advice(refused)
    assert "free disk space" not in reason_and_advice(refused)


def test_a_file_that_may_not_grow_is_no_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = OSError(errno.EFBIG, os.strerror(errno.EFBIG), "/there/part")
    no_limit = "File too large; its file system takes no larger files: name a place on another one, then rerun"
    assert reason_and_advice(refused).startswith(no_limit)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (4096, resource.RLIM_INFINITY))
    limit = "File too large; this process may write files of 4096 bytes at most: raise the limit with `ulimit -f`"
    assert reason_and_advice(refused, "and no advice of a caller") == f"{limit}, then rerun the command"


def test_any_other_error_of_a_disk_is_told_as_before() -> None:
    assert reason_and_advice(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))) == f"No space left on device; {ADVICE}"
    assert reason_and_advice(OSError("odd")) == f"odd; {ADVICE}"


@pytest.mark.parametrize("path", [None, "/there"])
def test_a_command_that_gets_no_file_says_so_and_is_no_bug(path: str | None, capfd: pytest.CaptureFixture[str]) -> None:
    error = OSError(errno.EMFILE, os.strerror(errno.EMFILE), path)
    assert run_command._exit_code_of_os_error(error) == 74  # noqa: SLF001 - no command meets it at a chosen place
    said = capfd.readouterr().err
    assert said.startswith(
        f"swr-crawler: {path or 'the system gives no more files'}: Too many open files; this process"
    )
    assert said.count("\n") == 1
