"""Laws of SQL values: what is written can be read back and cannot command a terminal."""

import csv
import io
import json
import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.query.sql_values import cells, csv_line, distinct_names, json_line, text
from crawler.text.formula import neutralized
from tests.audit.examples import HOSTILE

NONE: frozenset[int] = frozenset()
NOON = datetime(2026, 11, 24, 12, 0, 0, 5, tzinfo=UTC)


@given(st.lists(st.sampled_from(["a", "a_1", "a_2", "b"])))
def test_columns_of_one_name_get_names_of_their_own(columns: list[str]) -> None:
    names = distinct_names(columns)
    assert len(set(names)) == len(columns) == len(names)
    assert all(name.startswith(column) for name, column in zip(names, columns, strict=True))
    assert distinct_names(sorted(set(columns))) == sorted(set(columns))


@pytest.mark.parametrize(
    ("value", "written", "shown"),
    [
        (None, None, ""),
        (True, True, "true"),
        (2**70, 2**70, str(2**70)),
        (1.5, 1.5, "1.5"),
        (math.nan, None, "nan"),
        (-math.inf, None, "-inf"),
        (Decimal("1.50"), 1.5, "1.50"),
        (NOON.replace(tzinfo=None), "2026-11-24T12:00:00.000005Z", "2026-11-24T12:00:00.000005Z"),
        (NOON.astimezone(timezone(timedelta(hours=2))), "2026-11-24T12:00:00.000005Z", "2026-11-24T12:00:00.000005Z"),
        (date(2026, 11, 24), "2026-11-24", "2026-11-24"),
        (timedelta(days=1), "P1D", "P1D"),
        (UUID(int=0), str(UUID(int=0)), str(UUID(int=0))),
        (b"x", "eA==", "eA=="),
        ('say "a"', 'say "a"', 'say "a"'),
        ([1, None, "a"], [1, None, "a"], '[1,null,"a"]'),
        ((1, 2), [1, 2], "[1,2]"),
        (
            {"a": NOON, date(2026, 1, 1): [True]},
            {"a": "2026-11-24T12:00:00.000005Z", "2026-01-01": [True]},
            '{"a":"2026-11-24T12:00:00.000005Z","2026-01-01":[true]}',
        ),
    ],
)
def test_every_value_has_one_form(value: object, written: object, shown: str) -> None:
    line = json_line(["c"], [value], NONE)
    assert json.loads(line) == {"c": written}
    assert text(value) == shown


def test_json_stays_json() -> None:
    line = json_line(["extra", "text", "none"], ['{"a": [1]}', '{"a": [1]}', None], frozenset({0, 2}))
    assert orjson.loads(line) == {"extra": {"a": [1]}, "text": '{"a": [1]}', "none": None}


def read_back(line: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(line.decode(), newline=""), strict=True))


@given(st.lists(HOSTILE, min_size=2))
def test_raw_csv_reads_back(row: list[str]) -> None:
    assert read_back(csv_line(row, raw=True)) == [row]


@given(st.lists(HOSTILE, min_size=2))
def test_csv_reads_back_with_nothing_but_apostrophes_added(row: list[str]) -> None:
    assert read_back(csv_line(row)) == [[neutralized(cell) for cell in row]]


@given(st.lists(st.integers() | st.floats(allow_nan=False) | st.decimals(allow_nan=False), min_size=2))
def test_a_number_stays_a_number_in_csv(row: list[object]) -> None:
    assert csv_line(row) == csv_line(row, raw=True)
    assert [[Decimal(cell) for cell in line] for line in read_back(csv_line(row))] == [[Decimal(str(n)) for n in row]]


@pytest.mark.parametrize("value", [b"\xf9", timedelta(days=-1), ["a"], "=1", {"=1": 1}])
def test_no_value_of_another_type_begins_a_formula(value: object) -> None:
    ((cell, _),) = read_back(csv_line([value, ""]))
    assert cell[0] not in "=+-@"


@given(st.lists(HOSTILE))
def test_a_cell_cannot_command_a_terminal(row: list[str]) -> None:
    assert all(cell.isprintable() and len(cell) <= 3000 for cell in cells(row))
