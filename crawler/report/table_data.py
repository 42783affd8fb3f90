"""A table as JSON for the page's script (pure): columns of numbers, with each different text stored once.

That keeps the page small, and the script sorts texts by comparing integers: the words of a column are sorted, so that
a word's index is its rank.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple

import orjson

from crawler.report.row import RepositoryRow

Kind = Literal["word", "bytes", "count", "time"]
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE_S: Final = 60


class Column(NamedTuple):
    """One column: how the script shows it, and how to get its value from a row.

    Values of `word` are texts ("" for none), of `bytes` and `count` integers, of `time` RFC 3339 texts; None is an
    unknown value. With `filter` the script offers the words to choose from; with `descending` the first click sorts
    the largest first. A `part` column is shown inside the first one, and is searched but not sorted.
    """

    key: str
    label: str
    kind: Kind
    value: Callable[[Any], Any]
    filter: bool = False
    descending: bool = False
    part: bool = False


def repositories(*, targets: bool) -> tuple[Column, ...]:
    """Return the columns of the table of repositories, with the target when there are several."""
    columns = (
        Column("name", "Repository", "word", lambda row: row.name),
        Column("description", "Description", "word", lambda row: row.description, part=True),
        Column("namespace", "Namespace", "word", lambda row: row.namespace),
        Column("domain", "Domain", "word", lambda row: row.domain),
        Column("target", "Target", "word", lambda row: row.target, filter=True),
        Column("center", "Center", "word", lambda row: row.center, filter=True),
        Column("category", "Category", "word", lambda row: row.category, filter=True),
        Column("public", "Visibility", "word", visibility, filter=True),
        Column("size", "Size", "bytes", lambda row: row.size, descending=True),
        Column("images", "Images", "count", lambda row: row.images, descending=True),
        Column("downloads", "Downloads", "count", lambda row: row.downloads, descending=True),
        Column("created", "Created", "time", lambda row: row.created, descending=True),
        Column("updated", "Updated", "time", lambda row: row.updated, descending=True),
    )
    return tuple(column for column in columns if targets or column.key != "target")


def visibility(row: RepositoryRow) -> str:
    """Return the visibility in words: public or private as far as known, and whether the share has expired."""
    public = {True: "public", False: "private", None: ""}[row.public]
    expired = row.valid is False and row.center == "thirdparty"
    return ", ".join(word for word in (public, "expired" if expired else "") if word)


def encode_table(columns: Sequence[Column], rows: Sequence[object], *, total: int) -> bytes:
    """Return rows as JSON that is safe inside `<script>`; `total` counts the rows that are left out, too.

    `{"rows": n, "total": n, "columns": [{"key", "label", "kind", …, "words", "values"}, …]}`: `values` are
    numbers or null: for words their index in `words`, for times minutes since 1970.
    """
    content = {
        "rows": len(rows),
        "total": total,
        "columns": [_encode_column(column, [column.value(row) for row in rows]) for column in columns],
    }
    return escape_markup(orjson.dumps(content))


def _encode_column(column: Column, values: list[Any]) -> dict[str, Any]:
    described = {name: getattr(column, name) for name in ("key", "label", "kind", "filter", "descending", "part")}
    if column.kind == "word":
        words = sorted(set(values), key=lambda word: (word.casefold(), word))
        ranks = {word: rank for rank, word in enumerate(words)}
        return {**described, "words": words, "values": [ranks[value] for value in values]}
    if column.kind == "time":
        return {**described, "values": list(map(_minutes, values))}
    return {**described, "values": values}


def _minutes(moment: str | None) -> int | None:
    if moment is None:
        return None
    try:
        return int((datetime.fromisoformat(moment) - _EPOCH).total_seconds() // _MINUTE_S)
    except ValueError:  # e.g. the 31st of February: the pattern of `Time` lets it pass
        return None


_MARKUP: Final = {b"<": b"\\u003c", b">": b"\\u003e", b"&": b"\\u0026"}


def escape_markup(json: bytes) -> bytes:
    """Return the same JSON content without characters in which an HTML parser could see a tag or a comment."""
    for character, escape in _MARKUP.items():
        json = json.replace(character, escape)
    return json


def within(rows: Iterable[RepositoryRow], budget: int) -> list[RepositoryRow]:
    """Return the first rows, as many as have at most `budget` characters of text together: a bound for hostile data."""
    kept: list[RepositoryRow] = []
    for row in rows:
        budget -= sum(map(len, (row.name, row.description, row.namespace, row.domain, row.category)))
        if budget < 0:
            break
        kept.append(row)
    return kept
