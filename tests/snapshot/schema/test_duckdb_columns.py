"""Laws of the columns for DuckDB: what is printed can be pasted into read_json, and is what `query` reads with."""

import duckdb
import pytest

from crawler.model.record import Record
from crawler.query.columns import RECORD_COLUMNS
from crawler.snapshot.schema.duckdb_columns import columns_argument, duckdb_columns
from crawler.snapshot.schema.fields import Field, ListType, StructType, fields_of


@pytest.mark.parametrize(
    ("field", "sql"),
    [
        (Field("a", "string", nullable=True), "VARCHAR"),
        (Field("a", "integer", nullable=False), "BIGINT"),
        (Field("a", "boolean", nullable=True), "BOOLEAN"),
        (Field("a", "timestamp", nullable=True), "TIMESTAMP"),
        (Field("a", "json", nullable=True), "JSON"),
        (Field("a", ListType("string"), nullable=False), "VARCHAR[]"),
        (
            Field("a", ListType(StructType((Field("b", "integer", nullable=False),))), nullable=False),
            'STRUCT("b" BIGINT)[]',
        ),
    ],
)
def test_each_type_has_one_in_sql(field: Field, sql: str) -> None:
    assert duckdb_columns([field]) == {"a": sql}


def test_duckdb_takes_what_is_printed_and_has_the_types_that_query_has() -> None:
    argument = columns_argument(duckdb_columns(fields_of(Record)))
    with duckdb.connect() as connection:
        described = connection.sql(
            f"SELECT * FROM read_json('/dev/null', format = 'newline_delimited', {argument})"  # noqa: S608 - ours
        )
        assert dict(zip(described.columns, map(str, described.types), strict=True)) == RECORD_COLUMNS
