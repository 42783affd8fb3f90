"""SQL over one snapshot, through DuckDB: the views `repositories`, `walks` and `rejects`, and nothing else.

The SQL is the user's own, so what is locked here is a second line of defence against what was pasted: one SELECT that
changes nothing, no file but the snapshot's, no network, no extension, none of this program's variables.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Literal, NamedTuple, TypeVar

import click
import duckdb
import orjson

from crawler.cells import cells, csv_line, distinct, json_line
from crawler.errors import DiskError, IncompleteError, UsageError
from crawler.snapshot.publish import MANIFEST
from crawler.snapshot.reader import Snapshot, open_snapshot, resolve
from crawler.tables import print_lines, print_table
from crawler.wording import count, escaped, shortened

T = TypeVar("T")
Form = Literal["table", "json", "csv"]

_LONGEST_MESSAGE: Final = 400
_BATCH: Final = 1000
# They run SQL that is text to `_check`, and could be put together while it runs.
_RUN_TEXT: Final = frozenset({"query", "json_execute_serialized_sql"})
_OBJECT_BYTES: Final = 16 * 2**20  # the largest record, DuckDB's own default

# Types are given, not guessed: what a column is must not depend on what its first rows hold.
RECORD_COLUMNS: Final = {
    "target": "VARCHAR",
    "center": "VARCHAR",
    "name": "VARCHAR",
    "category": "VARCHAR",
    "description": "VARCHAR",
    "size": "BIGINT",
    "is_public": "BOOLEAN",
    "num_images": "BIGINT",
    "num_download": "BIGINT",
    "created_at": "TIMESTAMP",
    "updated_at": "TIMESTAMP",
    "logo": "VARCHAR",
    "url": "VARCHAR",
    "path": "VARCHAR",
    "internal_path": "VARCHAR",
    "domain_name": "VARCHAR",
    "namespace": "VARCHAR",
    "tags": "VARCHAR[]",
    "status": "BOOLEAN",
    "extra": "JSON",
}
WALK_COLUMNS: Final = {
    "target": "VARCHAR",
    "center": "VARCHAR",
    "namespace": "VARCHAR",
    "verdict": "VARCHAR",
    "declared_totals": "BIGINT[]",
    "records": "BIGINT",
    "distinct": "BIGINT",
    "duplicates": "BIGINT",
    "rejects": "BIGINT",
    "outside": "BIGINT",
    "passes": "BIGINT",
    "requests": "BIGINT",
    "limit": "BIGINT",
    "order": "VARCHAR",
    "dialect": "VARCHAR",
    "lost": 'STRUCT("offset" BIGINT, "end" BIGINT, "got" BIGINT, "reason" VARCHAR)[]',
}
REJECT_COLUMNS: Final = {
    "target": "VARCHAR",
    "center": "VARCHAR",
    "namespace": "VARCHAR",
    "offset": "BIGINT",
    "index": "BIGINT",
    "reason": "VARCHAR",
    "raw": "VARCHAR",
    "encoding": "VARCHAR",
}


class Bounds(NamedTuple):
    """What DuckDB may take: `memory` as it has it (`1GB`, `70%`), and threads, None for all processors."""

    memory: str
    threads: int | None


class Answer(NamedTuple):
    """What a statement gives: names and DuckDB's types of its columns, and its rows, read once."""

    columns: list[str]
    types: list[str]
    rows: Iterator[tuple[object, ...]]


def query(name: str, sql: str, output: Path, bounds: Bounds, form: Form, *, rows: int) -> int:
    """Print what `sql` says of a snapshot: as a table of at most so many rows, or all as NDJSON or CSV.

    Gives 3, with a warning, for a snapshot that is not complete, else 0. Raises UsageError for SQL that is refused.
    """
    snapshot = open_snapshot(resolve(name, output))
    snapshot.check()
    with connected(snapshot, bounds) as connection:
        answer = ask(connection, _given(sql))
        if form == "json":
            raw = frozenset(index for index, kind in enumerate(answer.types) if kind == "JSON")
            columns = distinct(answer.columns)
            print_lines(json_line(columns, row, raw) for row in answer.rows)
        elif form == "csv":
            print_lines(csv_line(row) for row in chain([tuple(answer.columns)], answer.rows))
        else:
            _print_table(answer, rows)
    if snapshot.manifest.status == "complete":
        return 0
    click.echo(f"warning: snapshot {escaped(snapshot.manifest.snapshot)} is not complete, nor is this answer", err=True)
    return IncompleteError.exit_code


def _given(sql: str) -> str:
    """Give the SQL that is meant. Raises UsageError for bytes that are no text: DuckDB takes UTF-8 and nothing else."""
    try:
        text = sys.stdin.read() if sql == "-" else sql
        text.encode()
    except UnicodeError:
        raise UsageError("the SQL is not UTF-8") from None
    return text


def _print_table(answer: Answer, most: int) -> None:
    listed = list(islice(answer.rows, most))
    left = sum(1 for _ in answer.rows)
    right = frozenset(index for index, kind in enumerate(answer.types) if kind.endswith(("INT", "DOUBLE", "INTEGER")))
    print_table(cells(answer.columns), map(cells, listed), right=right)
    if left:
        click.echo(f"and {count(left)} more; --rows N shows more, --json and --csv give all")


@contextmanager
def connected(snapshot: Snapshot, bounds: Bounds) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a locked DuckDB that knows the snapshot's views, and has a folder of its own for what memory can't hold.

    Raises UsageError for bounds that DuckDB refuses.
    """
    with TemporaryDirectory(prefix="swr-crawler-") as folder, _worded():
        # DuckDB reads * and [ in a path as patterns. The link's path has none, whatever the snapshot's own is.
        link = Path(folder, "snapshot")
        link.symlink_to(snapshot.folder.resolve())
        connection = _connect(bounds)
        try:
            connection.execute(f"SET temp_directory = {_quoted(os.path.join(folder, 'spill'))}")  # noqa: PTH118 - text
            _make_views(connection, snapshot, link)
            for setting in ("enable_external_access = false", "lock_configuration = true"):
                connection.execute(f"SET {setting}")
            yield connection
        finally:
            connection.close()


def _connect(bounds: Bounds) -> duckdb.DuckDBPyConnection:
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": bounds.memory,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "python_enable_replacements": False,  # or a table could be a variable of this program
    }
    if bounds.threads is not None:
        settings["threads"] = bounds.threads
    try:
        return duckdb.connect(":memory:", config=settings)
    except duckdb.Error as error:
        raise UsageError(f"--memory: {_sentence(error)}") from None


def _make_views(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, link: Path) -> None:
    parts = [str(link / file.path) for file in snapshot.manifest.files]
    rejects, manifest = str(link / snapshot.manifest.rejects.path), str(link / MANIFEST)
    allowed = ", ".join(map(_quoted, (*parts, rejects, manifest)))
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"SET allowed_paths = [{allowed}]")
    _view(connection, "repositories", _read_json(parts, RECORD_COLUMNS))
    _view(connection, "rejects", _read_json([rejects], REJECT_COLUMNS))
    fields = ", ".join(f'"{name}" {kind}' for name, kind in WALK_COLUMNS.items())
    size = max(_OBJECT_BYTES, 2 * (snapshot.folder / MANIFEST).stat().st_size)
    whole = _read_json([manifest], {"walks": f"STRUCT({fields})[]"}, form="unstructured", object_bytes=size)
    walks = f"SELECT walk.* FROM (SELECT unnest(walks) AS walk FROM ({whole}))"  # noqa: S608 - of our own text
    _view(connection, "walks", walks)


def _view(connection: duckdb.DuckDBPyConnection, name: str, select: str) -> None:
    connection.execute(f"CREATE VIEW {name} AS {select}")


def _read_json(
    paths: Sequence[str],
    columns: dict[str, str],
    *,
    form: str = "newline_delimited",
    object_bytes: int = _OBJECT_BYTES,
) -> str:
    if not paths:  # a snapshot without a walk has no part
        nulls = ", ".join(f'NULL::{kind} AS "{name}"' for name, kind in columns.items())
        return f"SELECT {nulls} WHERE false"
    kinds = ", ".join(f'"{name}": {_quoted(kind)}' for name, kind in columns.items())
    names = ", ".join(map(_quoted, paths))
    return (
        f"SELECT * FROM read_json([{names}], columns = {{{kinds}}}, format = '{form}', auto_detect = false,"  # noqa: S608 - quoted
        f" hive_partitioning = false, maximum_object_size = {object_bytes})"
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def ask(connection: duckdb.DuckDBPyConnection, sql: str) -> Answer:
    """Run one SELECT. Raises UsageError for anything else, and for what DuckDB refuses, also while rows are read."""
    with _worded():
        _check(connection, sql)
        _interruptible(connection, lambda: connection.execute(sql))
        columns = connection.description or []
    return Answer([column[0] for column in columns], [str(column[1]) for column in columns], _rows(connection))


def _rows(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[object, ...]]:
    with _worded():
        while rows := _interruptible(connection, lambda: connection.fetchmany(_BATCH)):
            yield from rows


def _interruptible(connection: duckdb.DuckDBPyConnection, work: Callable[[], T]) -> T:
    """Work in another thread: this one would notice Ctrl-C only when DuckDB is done."""
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(work)
        try:
            return done.result()
        except KeyboardInterrupt:
            connection.interrupt()
            raise


def _check(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Raise UsageError unless `sql` is one SELECT that writes nothing.

    Since DuckDB 2.0 a SELECT can hold a COPY, in its WITH clause: that could write over the snapshot's own parts. So
    could SQL that a SELECT hands to DuckDB as text.
    """
    statements = connection.extract_statements(sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise UsageError("query takes one SELECT (or DESCRIBE, SUMMARIZE, SHOW); a PIVOT needs its IN (…)")
    row = connection.execute("SELECT json_serialize_sql(?)", [sql]).fetchone()
    try:
        tree = orjson.loads(row[0]) if row else {}
    except orjson.JSONDecodeError:  # for which the parsed form is too deep
        raise UsageError(
            "the SQL is nested too deeply to be looked at; take fewer operators in one expression"
        ) from None
    if tree.get("error", True) or any(map(_is_more_than_a_look, _nodes(tree))):
        raise UsageError(
            "query takes a SELECT that changes nothing: no COPY, INSERT, UPDATE or DELETE in it, and no SQL as text"
        )


def _is_more_than_a_look(node: dict[str, Any]) -> bool:
    kind, function = node.get("type"), node.get("function_name")
    return (isinstance(kind, str) and kind.endswith("_QUERY_NODE")) or (
        isinstance(function, str) and function.lower() in _RUN_TEXT
    )


def _nodes(tree: object) -> Iterator[dict[str, Any]]:
    """Give all nodes of a parsed statement."""
    waiting = [tree]
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, dict):
            yield inner
            waiting.extend(inner.values())
        elif isinstance(inner, list):
            waiting.extend(inner)


@contextmanager
def _worded() -> Iterator[None]:
    """Turn DuckDB's errors into one sentence."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise UsageError(f"{_sentence(error)}; give it more with --memory") from None
    except duckdb.IOException as error:
        raise DiskError(_sentence(error)) from None
    except duckdb.Error as error:
        raise UsageError(_sentence(error)) from None


def _sentence(error: duckdb.Error) -> str:
    """Give the message without the quoted line of SQL below it."""
    message = str(error).partition("\n\nLINE ")[0]
    return escaped(shortened(" ".join(message.split()), _LONGEST_MESSAGE))
