"""Laws of the line that a person reads for an error: it says what to do next, and names a limit as what it is."""

import errno
import os

import pytest

from crawler.cli.error_lines import local_limit, only_error, with_next_step
from crawler.errors import (
    ConfigError,
    CrawlerError,
    CredentialsError,
    DiskError,
    IncompleteError,
    InterruptedRunError,
    UnavailableError,
    UsageError,
)


@pytest.mark.parametrize(
    ("error", "next_step"),
    [
        (UsageError("the SQL is empty"), "; correct the command line; see swr-crawler --help"),
        (IncompleteError("x has no manifest"), "; name another snapshot, or crawl again"),
        (DiskError("cannot write x"), "; free disk space or fix the problem, then rerun the command"),
        (UnavailableError("time is over"), "; rerun the command later"),
        (CredentialsError("x is empty"), "; put the right ones there, then rerun the command"),
        (ConfigError("x is not JSON"), "; correct it, then rerun the command"),
        (InterruptedRunError("x was stopped", signal_number=15), "; rerun the command"),
        (DiskError("x is full; remove something"), ""),
    ],
)
def test_a_message_says_what_to_do_next_once(error: CrawlerError, next_step: str) -> None:
    assert with_next_step(error) == f"{error}{next_step}"


def test_a_character_that_the_encoding_lacks_is_named_with_what_to_set() -> None:
    error = UnicodeEncodeError("ascii", "a数据b", 1, 3, "ordinal not in range(128)")
    line = local_limit(error)
    assert line is not None
    assert line.exit_code == 78
    assert line.text.startswith(r"the encoding of this process, ascii, lacks '\u6570\u636e': set LANG=C.UTF-8 or")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RuntimeError("can't start new thread"), "no more threads: raise the limit of `ulimit -u`"),
        (MemoryError(), "no more memory: raise the limit of `ulimit -v`"),
        (OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)), "no more memory"),
        (ImportError("x.so: failed to map segment from shared object"), "no more memory"),
    ],
)
def test_threads_and_memory_that_the_system_refuses_are_limits_to_raise(error: Exception, words: str) -> None:
    line = local_limit(error)
    assert line is not None
    assert line.exit_code == 74
    assert words in line.text


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("dictionary changed size during iteration"),
        OSError(errno.EPROTO, os.strerror(errno.EPROTO)),
        ImportError("no module named x"),
    ],
)
def test_every_other_error_is_a_bug(error: Exception) -> None:
    assert local_limit(error) is None


def test_the_one_error_of_a_task_group_is_taken_out_of_its_groups() -> None:
    inner = OSError(errno.EMFILE, os.strerror(errno.EMFILE))
    assert only_error(ExceptionGroup("", [ExceptionGroup("", [inner])])) is inner
    both = ExceptionGroup("", [inner, KeyError("x")])
    assert only_error(both) is both
    assert only_error(inner) is inner
