"""Fields as columns of DuckDB's `read_json` (pure)."""

from collections.abc import Mapping, Sequence
from typing import Final

from crawler.snapshot.schema.fields import Field, FieldType, ListType, ScalarType, StructType

_SQL: Final[dict[ScalarType, str]] = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "boolean": "BOOLEAN",
    "timestamp": "TIMESTAMP",  # the clock of UTC: TIMESTAMPTZ would be shown in the time zone of the session
    "json": "JSON",
}


def duckdb_columns(fields: Sequence[Field]) -> dict[str, str]:
    """Return the type of each field in DuckDB's SQL, in their order.

    Types are declared, since guessed ones would depend on the first rows.
    """
    return {field.name: _sql(field.type) for field in fields}


def _sql(kind: FieldType) -> str:
    match kind:
        case ListType(item=item):
            return f"{_sql(item)}[]"
        case StructType(fields=fields):
            inner = (f'"{field.name}" {_sql(field.type)}' for field in fields)
            return f"STRUCT({', '.join(inner)})"
    return _SQL[kind]


def columns_argument(columns: Mapping[str, str]) -> str:
    """Return the argument `columns = {…}` of `read_json`, a line for each column."""
    lines = (f"""  "{name}": '{kind}',\n""" for name, kind in columns.items())
    return f"columns = {{\n{''.join(lines)}}}"
