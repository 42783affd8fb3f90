"""The law of the memory of a query: what its rows take is bounded, too, and what exceeds the bound is one line."""

import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise, product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.errors import UsageError
from crawler.query.batches import MOST_ROWS, Row, batched_rows, width
from crawler.query.engine import QueryLimits, open_database
from crawler.query.memory import bounded_memory, bytes_of, memory_limit
from crawler.snapshot.reader import open_snapshot
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


@pytest.mark.unmeasured
@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not say what a process has")
@pytest.mark.parametrize(("sql", "form"), sampled(product(LARGE, ["--json", "--csv", "--rows=5"]), 4))
def test_what_a_statement_may_take_is_bounded_and_said(snapshot: Path, sql: str, form: str) -> None:
    code, _, errors, peak = run(snapshot, sql, form)
    assert (code, len(errors)) == (2, 1), errors
    assert "--memory" in errors[0]
    assert peak < 750  # 50 MB, 512 MiB, and what Python and DuckDB have to begin with


@pytest.mark.unmeasured
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


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("1GB", "1000000000B"),
        (" 1 gib ", "1073741824B"),
        ("1.5kib", None),
        ("512MiB", "536870912B"),
        ("2.5TB", "2500000000000B"),
        ("1000TB", "1000000000000000B"),
        ("70%", "70%"),
        ("100 %", "100%"),
        *((text, None) for text in ("-1GB", "-1", "0", "0GB", "0%", "101%", "-5%", "none", "", "GB", "1", "1e99GB")),
        *(
            (text, None)
            for text in ("1e3MB", "1PB", "1001TB", "0.1MB", "nan", "infGB", "٣GB", "1_0GB", "1GB1", "9" * 99)
        ),
    ],
)
def test_memory_is_a_size_within_bounds_or_a_share(text: str, limit: str | None) -> None:
    if limit is None:
        with pytest.raises(UsageError, match=r"^--memory: .*is no size from 1MB to 1000TB; "):
            memory_limit(text)
    else:
        assert memory_limit(text) == limit


@pytest.mark.parametrize("text", ["1GB", "1000TB", "1 GiB", "70%", "100%", "0.001%", "0.01%"])
def test_what_is_a_size_is_a_limit_of_duckdb_or_too_little(snapshot: Path, text: str) -> None:
    try:
        with open_database(open_snapshot(snapshot), QueryLimits(memory_limit(text), None)) as database:
            (row,) = database.connection.execute("SELECT current_setting('memory_limit')").fetchall()
    except UsageError as error:
        assert "memory" in str(error).lower()  # noqa: PT017 - it may, or may not, be too little
        assert text[0] == "0"
    else:
        assert 0 < bytes_of(row[0]) <= 10**15


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
