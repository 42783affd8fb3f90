"""A table as the page's script reads it (pure): columns of numbers, each different text once, in JSON.

Fifty thousand repositories are 4 to 5 MB so, and the script sorts text by comparing integers: the words of a
column are in order, so that a word's number is its rank.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple

import orjson

from crawler.report.statistics import RepositoryRow

Kind = Literal["word", "bytes", "count", "time", "flag"]
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE_S: Final = 60


class Column(NamedTuple):
    """One column: how the script shows it, and how its values are found in a row.

    Values of `word` are texts ("" for none), of `bytes` and `count` integers, of `time` RFC 3339 texts, of
    `flag` booleans; None is what nobody told. `filter` offers the words to choose from, `first` is the order of
    the first click: descending for what one looks for the most of. `part` columns are shown within the one that
    stands before them and are searched, not sorted.
    """

    key: str
    label: str
    kind: Kind
    value: Callable[[Any], Any]
    filter: bool = False
    descending: bool = False
    part: bool = False


def repositories(*, targets: bool) -> tuple[Column, ...]:
    """Give the columns of the table of repositories, with the target where there are several."""
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
    """Say who can pull a repository, as far as the list tells; an expired share is nobody's any more."""
    seen = {True: "public", False: "private", None: ""}[row.public]
    expired = row.valid is False and row.center == "thirdparty"
    return ", ".join(word for word in (seen, "expired" if expired else "") if word)


def listing(columns: Sequence[Column], rows: Sequence[object], *, total: int) -> bytes:
    """Encode rows as JSON that may stand inside `<script>`; `total` is how many there are with those left out.

    `{"rows": n, "total": n, "columns": [{"key", "label", "kind", …, "words", "values"}, …]}`: `values` are
    numbers or null; of words their index in `words`, of times minutes since 1970.
    """
    content = {
        "rows": len(rows),
        "total": total,
        "columns": [_encoded(column, [column.value(row) for row in rows]) for column in columns],
    }
    return harmless(orjson.dumps(content))


def _encoded(column: Column, values: list[Any]) -> dict[str, Any]:
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
    except ValueError:  # the 31st of February, in a snapshot that somebody else made
        return None


_DANGEROUS: Final = {b"<": b"\\u003c", b">": b"\\u003e", b"&": b"\\u0026"}


def harmless(json: bytes) -> bytes:
    """Escape JSON so that no HTML parser sees a tag, a comment or the end of a script in it; it means the same."""
    for character, escape in _DANGEROUS.items():
        json = json.replace(character, escape)
    return json


def within(rows: Iterable[RepositoryRow], budget: int) -> list[RepositoryRow]:
    """Give the first rows whose texts come to no more than `budget` characters: a bound for hostile ones."""
    kept: list[RepositoryRow] = []
    for row in rows:
        budget -= sum(map(len, (row.name, row.description, row.namespace, row.domain, row.category)))
        if budget < 0:
            break
        kept.append(row)
    return kept
