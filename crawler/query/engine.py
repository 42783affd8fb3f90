"""SQL over one snapshot, through DuckDB: the views `repositories`, `walks` and `rejects`, and nothing else.

The SQL is the user's own, so these restrictions are a second line of defence against pasted SQL: one SELECT that
changes nothing, no file but the snapshot's, no network, no extension, none of this program's variables.

Memory is bounded twice: DuckDB's by its own limit, the whole process by the system (`memory.py`).
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple, TypeVar

import duckdb

from crawler.errors import DiskError, UsageError
from crawler.files.temporary import temporary_errors
from crawler.query.batches import batched_rows
from crawler.query.columns import RECORD_COLUMNS, REJECT_COLUMNS, WALK_COLUMNS
from crawler.query.memory import RESULT_BYTES, bounded_memory, bytes_of
from crawler.query.select_only import check_select
from crawler.snapshot.layout import MANIFEST
from crawler.snapshot.manifest import VERDICTS_OF_SCHEMA_1
from crawler.snapshot.reader import SnapshotReader
from crawler.text.human import excerpt

T = TypeVar("T")

_LONGEST_MESSAGE: Final = 400
_OBJECT_BYTES: Final = 16 * 2**20  # the largest record, DuckDB's own default


class QueryLimits(NamedTuple):
    """Limits of DuckDB: `memory` as `memory_limit` returns it, and threads, None for one a processor."""

    memory: str
    threads: int | None


class Database(NamedTuple):
    """An open database, and the one thread that works with it."""

    connection: duckdb.DuckDBPyConnection
    worker: ThreadPoolExecutor


class QueryResult(NamedTuple):
    """The result of a statement: the names and DuckDB's types of its columns, and its rows, to be read once."""

    columns: list[str]
    types: list[str]
    rows: Iterator[tuple[object, ...]]


@contextmanager
def open_database(snapshot: SnapshotReader, limits: QueryLimits) -> Iterator[Database]:
    """Yield a locked DuckDB with the snapshot's views, and with a temporary folder for data that exceeds its memory.

    Until it is closed, this process can allocate no more than DuckDB's limit and RESULT_BYTES. Raises UsageError for
    limits that DuckDB refuses, and for what exceeds them, also while rows are read.
    """
    with _linked(snapshot.folder) as link, ThreadPoolExecutor(1) as worker, _plain_errors():
        connection = _connect(limits)
        try:
            connection.execute(f"SET temp_directory = {_quoted(os.path.join(link.parent, 'spill'))}")  # noqa: PTH118 - text
            _make_views(connection, snapshot, link)
            for setting in ("enable_external_access = false", "lock_configuration = true"):
                connection.execute(f"SET {setting}")
            worker.submit(int).result()  # its thread starts now, and not when memory is short
            with bounded_memory(_limit_of(connection) + RESULT_BYTES):
                yield Database(connection, worker)
        finally:
            connection.close()


@contextmanager
def _linked(folder: Path) -> Iterator[Path]:
    """Yield a link to a folder, alone in a temporary folder: DuckDB takes * and [ in a path for patterns.

    Raises DiskError when there is no place for one.
    """
    with ExitStack() as stack:
        with temporary_errors("what exceeds the memory of the query"):
            link = Path(stack.enter_context(TemporaryDirectory(prefix="swr-crawler-")), "snapshot")
            link.symlink_to(folder.resolve())
        yield link


def _connect(limits: QueryLimits) -> duckdb.DuckDBPyConnection:
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": limits.memory,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "python_enable_replacements": False,  # else SQL could read variables of this program as tables
    }
    if limits.threads is not None:
        settings["threads"] = limits.threads
    try:
        return duckdb.connect(":memory:", config=settings)
    except duckdb.Error as error:
        raise UsageError(f"--memory: {_sentence(error)}") from None


def _limit_of(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the limit of DuckDB's own memory in bytes, whatever way it was given."""
    row = connection.execute("SELECT current_setting('memory_limit')").fetchone()
    return bytes_of(str(row[0])) if row else 0


def _make_views(connection: duckdb.DuckDBPyConnection, snapshot: SnapshotReader, link: Path) -> None:
    parts = [str(link / file.path) for file in snapshot.manifest.files]
    rejects, manifest = str(link / snapshot.manifest.rejects.path), str(link / MANIFEST)
    allowed = ", ".join(map(_quoted, (*parts, rejects, manifest)))
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")  # it is printed among the rows where DuckDB sees a notebook
    connection.execute(f"SET allowed_paths = [{allowed}]")
    _view(connection, "repositories", _read_json(parts, RECORD_COLUMNS))
    _view(connection, "rejects", _read_json([rejects], REJECT_COLUMNS))
    fields = ", ".join(f'"{name}" {kind}' for name, kind in WALK_COLUMNS.items())
    size = max(_OBJECT_BYTES, 2 * (snapshot.folder / MANIFEST).stat().st_size)
    whole = _read_json([manifest], {"walks": f"STRUCT({fields})[]"}, form="unstructured", object_bytes=size)
    walks = f"SELECT walk.* FROM (SELECT unnest(walks) AS walk FROM ({whole}))"  # noqa: S608 - no text from outside
    _view(connection, "walks", f"SELECT * REPLACE ({_verdict()} AS verdict) FROM ({walks})")  # noqa: S608 - the same


def _verdict() -> str:
    """Return the SQL of a walk's verdict in the words of today, whatever the schema of its manifest."""
    cases = " ".join(f"WHEN {_quoted(old)} THEN {_quoted(new)}" for old, new in VERDICTS_OF_SCHEMA_1.items())
    return f"CASE verdict {cases} ELSE verdict END"


def _view(connection: duckdb.DuckDBPyConnection, name: str, select: str) -> None:
    connection.execute(f"CREATE VIEW {name} AS {select}")


def _read_json(
    paths: Sequence[str],
    columns: dict[str, str],
    *,
    form: str = "newline_delimited",
    object_bytes: int = _OBJECT_BYTES,
) -> str:
    if not paths:  # a snapshot without walks has no part files
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


def execute(database: Database, sql: str) -> QueryResult:
    """Run one SELECT. Raises UsageError for anything else, and for what DuckDB refuses, also while rows are read."""
    connection = database.connection
    with _plain_errors():
        check_select(connection, sql)
        _interruptible(database, lambda: connection.execute(sql))
        columns = connection.description or []
    return QueryResult([column[0] for column in columns], [str(column[1]) for column in columns], _rows(database))


def _rows(database: Database) -> Iterator[tuple[object, ...]]:
    with _plain_errors():
        yield from batched_rows(lambda size: _interruptible(database, lambda: database.connection.fetchmany(size)))


def _interruptible(database: Database, work: Callable[[], T]) -> T:
    """Return the result of `work`, done in another thread: in this one, a signal would wait until DuckDB is done."""
    done = database.worker.submit(work)
    try:
        return done.result()
    except KeyboardInterrupt:
        database.connection.interrupt()
        wait([done])  # closing a connection that is at work would break it
        raise


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Raise UsageError or DiskError, with one sentence, for an error of DuckDB."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise UsageError(f"{_sentence(error)}; allow it more with --memory") from None
    except MemoryError:
        raise UsageError("the rows of the result take more memory than --memory allows; select less of them") from None
    except duckdb.IOException as error:
        raise DiskError(_sentence(error)) from None
    except duckdb.Error as error:
        raise UsageError(_sentence(error)) from None


def _sentence(error: duckdb.Error) -> str:
    """Return the message without the quoted line of SQL below it."""
    message = str(error).partition("\n\nLINE ")[0]
    return excerpt(" ".join(message.split()), _LONGEST_MESSAGE)
