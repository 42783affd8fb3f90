"""The columns of the views, with their types in SQL (pure): they follow from the schemas of records and manifests."""

from typing import Final

import msgspec
from msgspec import inspect

from crawler.model.record import Record
from crawler.snapshot.manifest import WalkEntry


def columns_of(kind: type[msgspec.Struct]) -> dict[str, str]:
    """Return the type of each field of a struct in DuckDB's SQL, in their order.

    Types are declared, since guessed ones would depend on the first rows. Raises TypeError for a field that SQL has no
    type for.
    """
    match inspect.type_info(kind):
        case inspect.StructType(fields=fields):
            return {field.encode_name: _sql_type(field.type) for field in fields}
    raise TypeError(f"{kind} is no struct")


def _sql_type(kind: inspect.Type) -> str:  # noqa: PLR0911 - one for each type
    match kind:
        case inspect.Metadata(type=inner, extra_json_schema=schema):
            return "TIMESTAMP" if (schema or {}).get("format") == "date-time" else _sql_type(inner)
        case inspect.UnionType(types=types):
            (inner,) = (one for one in types if not isinstance(one, inspect.NoneType))
            return _sql_type(inner)
        case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item):
            return f"{_sql_type(item)}[]"
        case inspect.StructType(fields=fields):
            inner_columns = (f'"{field.encode_name}" {_sql_type(field.type)}' for field in fields)
            return f"STRUCT({', '.join(inner_columns)})"
        case inspect.StrType() | inspect.LiteralType():
            return "VARCHAR"
        case inspect.BoolType():
            return "BOOLEAN"
        case inspect.IntType():
            return "BIGINT"
        case inspect.DictType():
            return "JSON"
    raise TypeError(f"{kind} has no type in SQL")


RECORD_COLUMNS: Final = columns_of(Record)
WALK_COLUMNS: Final = columns_of(WalkEntry)
# Of a line that `swr/decode/reject.py` writes; a test holds the two equal.
REJECT_COLUMNS: Final = {
    "target": "VARCHAR",
    "center": "VARCHAR",
    "namespace": "VARCHAR",
    "offset": "BIGINT",
    "index": "BIGINT",
    "reason": "VARCHAR",
    "raw": "VARCHAR",
    "encoding": "VARCHAR",
    "bytes": "BIGINT",
    "blake2b": "VARCHAR",
}
