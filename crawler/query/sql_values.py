"""The values that SQL answers with, as NDJSON, CSV and cells of a table have them (pure).

Times are written as records have them: RFC 3339, UTC, six fractional digits; a time without a zone is UTC.
"""

import csv
from collections.abc import Sequence
from datetime import UTC, datetime
from math import isfinite
from typing import Any, Final

import msgspec

from crawler.text.human import escaped, shortened

_LONGEST_CELL: Final = 500

_LINE_END: Final = "\r\n"  # a writer quotes line ends by what its own is made of

_encode: Final = msgspec.json.Encoder(decimal_format="number").encode


def distinct(columns: Sequence[str]) -> list[str]:
    """Give each column a name of its own: of equal ones the second is `name_1`, as far as that is free."""
    names: list[str] = []
    for column in columns:
        name, number = column, 0
        while name in names:
            number += 1
            name = f"{column}_{number}"
        names.append(name)
    return names


def json_line(columns: Sequence[str], row: Sequence[object], raw: frozenset[int]) -> bytes:
    """Give a row as one JSON object on one line; `raw` are the columns, by index, whose text is JSON already."""
    values = (
        msgspec.Raw(value.replace("\n", " ").encode()) if index in raw and isinstance(value, str) else _plain(value)
        for index, value in enumerate(row)
    )
    return _encode(dict(zip(columns, values, strict=True)))


def csv_line(row: Sequence[object]) -> bytes:
    """Give a row as CSV (RFC 4180, but for the line's end, which is left out); null is an empty cell."""
    line: str = csv.writer(_Back(), lineterminator=_LINE_END).writerow([text(value) for value in row])
    return line.removesuffix(_LINE_END).encode()


class _Back:
    """What a csv.writer writes to, and gives back."""

    def write(self, line: str) -> str:
        return line


def cells(row: Sequence[object]) -> list[str]:
    """Give a row for a table on a terminal: each cell escaped, and of bounded length."""
    return [escaped(shortened(text(value), _LONGEST_CELL)) for value in row]


def text(value: object) -> str:
    """Give one value: a text as it is, nothing for null, everything else as JSON has it, without quotes."""
    if value is None:
        return ""
    if isinstance(value, float) and not isfinite(value):
        return str(value)  # which JSON has not
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
