"""Refuses SQL that is more than one SELECT, or that writes.

The SQL is the user's own; this is a second line of defence against pasted SQL.
"""

from collections.abc import Iterator
from typing import Any, Final

import duckdb
import orjson

from crawler.errors import UsageError

# Functions that run SQL from a text, which `check_select` cannot see.
_RUN_TEXT: Final = frozenset({"query", "json_execute_serialized_sql"})


def check_select(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Raise UsageError unless `sql` is one SELECT that writes nothing.

    Since DuckDB 2.0 a SELECT can hold a COPY, in its WITH clause, which could overwrite the snapshot's own parts. So
    could SQL that a SELECT passes to DuckDB as text.
    """
    if not _is_one_select(connection, sql):
        raise UsageError("query takes one SELECT (or DESCRIBE, SUMMARIZE, SHOW); a PIVOT needs its IN (…)")
    row = connection.execute("SELECT json_serialize_sql(?)", [sql]).fetchone()
    try:
        tree = orjson.loads(row[0]) if row else {}
    except orjson.JSONDecodeError:  # the parsed form is nested too deeply for orjson
        raise UsageError("the SQL is nested too deeply to be checked; use fewer operators in one expression") from None
    if tree.get("error", True) or any(map(_can_write, _nodes(tree))):
        raise UsageError(
            "query takes a SELECT that changes nothing: no COPY, INSERT, UPDATE or DELETE in it, and no SQL as text"
        )


def _is_one_select(connection: duckdb.DuckDBPyConnection, sql: str) -> bool:
    """Return whether `sql` is one statement of the kind SELECT. Raises duckdb.Error for text that is no SQL."""
    try:
        return [statement.type for statement in connection.extract_statements(sql)] == [duckdb.StatementType.SELECT]
    except ValueError:  # DuckDB's parser knows kinds that its Python enum lacks, such as that of UPDATE EXTENSIONS
        return False


def _can_write(node: dict[str, Any]) -> bool:
    kind, function = node.get("type"), node.get("function_name")
    return (isinstance(kind, str) and kind.endswith("_QUERY_NODE")) or (
        isinstance(function, str) and function.lower() in _RUN_TEXT
    )


def _nodes(tree: object) -> Iterator[dict[str, Any]]:
    """Yield all nodes of a parsed statement."""
    waiting = [tree]
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, dict):
            yield inner
            waiting.extend(inner.values())
        elif isinstance(inner, list):
            waiting.extend(inner)
