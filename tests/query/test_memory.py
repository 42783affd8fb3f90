"""The law of the memory of a query: what its rows take is bounded, too, and what exceeds the bound is one line."""

import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise, product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.query.batches import MOST_ROWS, Row, batched_rows, width
from crawler.query.memory import bounded_memory, bytes_of
from tests.audit.examples import item, publish
from tests.support.sweeps import sampled

MEGABYTES = 2**20
LARGE = (
    "select repeat('x', 1000000) s from range(100000)",
    "select repeat('x', 2000000000) s",
    "select range(100000) s from range(100000)",
    "select {'a': repeat('x', 900000), 'b': [repeat('y', 900000)]} s from range(100000)",
    "select string_agg(repeat('x', 1000), '') from range(10000000)",
    "select repeat(name, 1000000000) from repositories",
)
# Starts the command as its users do, and says at its end how much memory the process had at most.
MEASURED = """
import sys
from crawler.cli.main import main
try:
    main(sys.argv[1:])
finally:
    status = open("/proc/self/status").read()
    print(int(status.partition("VmHWM:")[2].split()[0]) // 1024, file=sys.stderr)
"""


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish(tmp_path_factory.mktemp("memory") / "output", item("a"), snapshot="one")


def run(snapshot: Path, sql: str, *arguments: str) -> tuple[int, bytes, list[str], int]:
    """Run a query in a process of its own; return its code, its output, its errors, and its peak in MiB."""
    command = [sys.executable, "-c", MEASURED, "query", str(snapshot), sql, "--memory", "50MB", *arguments]
    ended = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - ourselves
    *errors, peak = ended.stderr.decode().splitlines()
    return ended.returncode, ended.stdout, errors, int(peak)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not say what a process has")
@pytest.mark.parametrize(("sql", "form"), sampled(product(LARGE, ["--json", "--csv", "--rows=5"]), 2))
def test_what_a_statement_may_take_is_bounded_and_said(snapshot: Path, sql: str, form: str) -> None:
    code, _, errors, peak = run(snapshot, sql, form)
    assert (code, len(errors)) == (2, 1), errors
    assert "--memory" in errors[0]
    assert peak < 750  # 50 MB, 512 MiB, and what Python and DuckDB have to begin with


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not say what a process has")
def test_wide_rows_stream_in_small_batches(snapshot: Path) -> None:
    code, out, errors, peak = run(snapshot, "select range i, repeat('x', 10000) s from range(35000)", "--json")
    assert (code, errors) == (0, [])
    lines = out.splitlines()
    assert {len(line) for line in lines} <= {10_013 + digits for digits in range(1, 6)}
    assert len(lines) == 35_000
    assert peak < 300 < len(out) // MEGABYTES
    assert [line[: len(str(i)) + 5] for i, line in enumerate(lines)] == [f'{{"i":{i}'.encode() for i in range(35_000)]


ROWS = st.lists(st.integers(0, 10_000).map(lambda size: ("x" * size, size)), max_size=300)


@given(ROWS, st.integers(1, 20_000))
def test_all_rows_come_once_in_order_and_a_batch_of_equal_rows_is_bounded(rows: list[Row], batch_bytes: int) -> None:
    waiting, batches = list(rows), list[Sequence[Row]]()

    def fetch(size: int) -> Sequence[Row]:
        batch, waiting[:] = waiting[:size], waiting[size:]
        batches.append(batch)
        return batch

    assert list(batched_rows(fetch, batch_bytes)) == rows
    for before, batch in pairwise(batches):
        assert len(batch) <= min(2 * len(before), MOST_ROWS)
        widest = max(map(width, before))
        assert len(batch) == 1 or len(batch) * widest <= batch_bytes


@pytest.mark.parametrize(
    ("row", "least"),
    [((), 1), (("a" * 100,), 100), ((b"a" * 100, None), 100), (([["a" * 50], {"b" * 20: "c" * 30}],), 100), ((1,), 8)],
)
def test_the_width_of_a_row_is_about_what_it_holds(row: Row, least: int) -> None:
    assert least <= width(row) <= least + 60


@pytest.mark.parametrize(
    ("text", "size"), [("0 bytes", 0), ("953.6 MiB", 999_922_073), ("1.0 GiB", 2**30), ("16384.0 PiB", 2**64)]
)
def test_a_size_is_read_as_duckdb_shows_it(text: str, size: int) -> None:
    assert bytes_of(text) == size


def test_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="no size"):
        bytes_of("12 lots")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not say what a process has")
def test_memory_is_refused_while_the_context_lasts() -> None:
    with bounded_memory(2**27):
        assert len(bytearray(2**26)) == 2**26
        with pytest.raises(MemoryError):
            bytearray(2**30)
    assert len(bytearray(2**30)) == 2**30
