"""Values of an SQL result as NDJSON, CSV and table cells (pure).

Times are written as in records: RFC 3339, UTC, six fractional digits; a time without a zone is UTC.

A spreadsheet takes a text that begins with = + - or @ for a formula, and names and descriptions come from the service:
in CSV such a text gets an apostrophe before it (`text/formula.py`), a number never.
"""

import csv
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from math import isfinite
from typing import Any, Final

import msgspec

from crawler.text.formula import neutralized
from crawler.text.human import excerpt

_LONGEST_CELL: Final = 500

_LINE_END: Final = "\r\n"  # csv quotes values with the characters of its own line end

_encode: Final = msgspec.json.Encoder(decimal_format="number").encode


def distinct_names(columns: Sequence[str]) -> list[str]:
    """Return distinct column names: of equal ones the second becomes `name_1`, or the next free number."""
    names: list[str] = []
    for column in columns:
        name, number = column, 0
        while name in names:
            number += 1
            name = f"{column}_{number}"
        names.append(name)
    return names


def json_line(columns: Sequence[str], row: Sequence[object], json_columns: frozenset[int]) -> bytes:
    """Return a row as one JSON object on one line; `json_columns` are the indexes of columns whose text is JSON."""
    values = (
        msgspec.Raw(value.replace("\n", " ").encode())
        if index in json_columns and isinstance(value, str)
        else _plain(value)
        for index, value in enumerate(row)
    )
    return _encode(dict(zip(columns, values, strict=True)))


def csv_line(row: Sequence[object], *, raw: bool = False) -> bytes:
    """Return a row as CSV (RFC 4180) without the line's end; null is an empty cell.

    What a spreadsheet could take for a formula is neutralized, unless `raw`.
    """
    line: str = csv.writer(_Echo(), lineterminator=_LINE_END).writerow(map(text if raw else _harmless, row))
    return line.removesuffix(_LINE_END).encode()


def _harmless(value: object) -> str:
    return text(value) if isinstance(value, int | float | Decimal) else neutralized(text(value))


class _Echo:
    """A file for csv.writer that returns what is written."""

    def write(self, line: str) -> str:
        return line


def cells(row: Sequence[object]) -> list[str]:
    """Return a row for a table on a terminal: each cell escaped and shortened."""
    return [excerpt(text(value), _LONGEST_CELL) for value in row]


def text(value: object) -> str:
    """Return one value: text unchanged, "" for null, everything else as JSON without quotes."""
    if value is None:
        return ""
    if isinstance(value, float) and not isfinite(value):
        return str(value)  # JSON has no such number
    return value if isinstance(value, str) else _encode(_plain(value)).decode().strip('"')


def _plain(value: object) -> Any:  # noqa: ANN401 - whatever JSON can hold
    if isinstance(value, datetime):
        moment = value if value.tzinfo is None else value.astimezone(UTC)
        return f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, dict):
        return {text(key): _plain(inner) for key, inner in value.items()}
    return value
