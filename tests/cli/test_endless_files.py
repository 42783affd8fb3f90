"""A file that a flag, variable or setting names is read up to a bound, whatever it is; beyond it is one line."""

import io
import sys
import tracemalloc
from pathlib import Path

import pytest

from crawler.cli.commands import query as query_command
from crawler.errors import UsageError
from crawler.files.regular import bounded_lines, read_bounded
from tests.cli.test_fuzz import NOWHERE, quick, run

__all__ = ["quick"]  # a fixture: no example waits, and a bug is raised

pytestmark = [pytest.mark.unmeasured, pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no endless device")]

CRAWL = ("crawl", "--endpoint", NOWHERE, "--max-duration", "1")


@pytest.mark.parametrize(
    ("words", "environ", "content", "code"),
    [
        (("config", "show", "--config", "/dev/zero"), {}, b"", 78),
        (("config", "show"), {"SWR_CRAWLER_CONFIG": "/dev/zero"}, b"", 78),
        (("config", "show", "--namespaces-file", "/dev/zero"), {}, b"", 78),
        (("audit", "x", "--config", "/dev/zero"), {}, b"", 78),
        (("emulate", "--inventory", "/dev/zero"), {}, b"", 78),
        ((*CRAWL, "--config", "file"), {"SWR_CRAWLER_TOKEN": ""}, b'[crawl]\ntoken = "file:/dev/zero"\n', 77),
        (CRAWL, {"SWR_CRAWLER_TOKEN": "", "SWR_CRAWLER_CREDENTIALS_FILE": "/dev/zero"}, b"", 77),
        (CRAWL, {"SWR_CRAWLER_TOKEN": "", "HUAWEICLOUD_SDK_CREDENTIALS_FILE": "/dev/zero"}, b"", 77),
        (CRAWL, {"SWR_CRAWLER_TOKEN": "", "HW_PROFILE": "a", "HW_SHARED_CONFIG_FILE": "/dev/zero"}, b"", 77),
        (CRAWL, {"SWR_CRAWLER_TOKEN": "", "OS_CLOUD": "a", "OS_CLIENT_CONFIG_FILE": "/dev/zero"}, b"", 77),
    ],
)
def test_a_file_without_an_end_is_a_line_and_takes_little_memory(
    words: tuple[str, ...], environ: dict[str, str], content: bytes, code: int
) -> None:
    tracemalloc.start()
    try:
        ended = run(words, environ, content)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert ended.code == code, ended
    assert " bytes" in ended.err
    assert "/dev/zero" in ended.err
    assert peak < 100 * 2**20


def test_a_file_at_its_bound_is_read_and_one_byte_more_is_not(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 10)
    assert read_bounded(path, 10) == b"x" * 10
    with pytest.raises(OSError, match="it holds more than 9 bytes"):
        read_bounded(path, 9)


@pytest.mark.parametrize(("line", "total", "reason"), [(4, 99, "a line is longer than 4 bytes"), (5, 9, "more than 9")])
def test_lines_are_bounded_one_by_one_and_together(tmp_path: Path, line: int, total: int, reason: str) -> None:
    file, path = io.BytesIO(b"1234\n1234\n"), tmp_path / "file"
    with pytest.raises(OSError, match=reason):
        list(bounded_lines(path, file, max_line_bytes=line, max_bytes=total))
    file.seek(0)
    assert list(bounded_lines(path, file, max_line_bytes=5, max_bytes=10)) == [b"1234\n", b"1234\n"]


def test_an_empty_device_is_an_empty_file() -> None:
    assert run(("config", "show", "--config", "/dev/null"), {}, b"").code == 0


def test_sql_from_standard_input_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("x" * (2**20 + 1)))
    with pytest.raises(UsageError, match="more than 1048576 characters"):
        query_command._read_sql("-")  # noqa: SLF001 - no command is as quick
