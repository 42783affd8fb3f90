"""Fields as the source of an Arrow schema in Python: pyarrow loads it, and this program needs no pyarrow (pure).

The name of a list's items is `element`, as Parquet has it: Spark, Delta and Iceberg would see two schemas otherwise.
"""

from collections.abc import Sequence
from typing import Final

from crawler.snapshot.schema.fields import Field, FieldType, ListType, ScalarType, StructType

_ARROW: Final[dict[ScalarType, str]] = {
    "string": "string()",
    "integer": "int64()",
    "boolean": "bool_()",
    "timestamp": 'timestamp("us", tz="UTC")',
    "json": "string()",  # its JSON text: a struct would depend on the data, and a map has values of one type
}


def arrow_source(fields: Sequence[Field]) -> str:
    """Return a Python module that defines `schema`, a `pyarrow.Schema`."""
    lines = (f"        {_field(field)},\n" for field in fields)
    return f"import pyarrow\n\nschema = pyarrow.schema(\n    [\n{''.join(lines)}    ]\n)"


def _field(field: Field) -> str:
    nullable = "" if field.nullable else ", nullable=False"
    return f'pyarrow.field("{field.name}", {_arrow(field.type)}{nullable})'


def _arrow(kind: FieldType) -> str:
    match kind:
        case ListType(item=item):
            return f"pyarrow.list_({_field(Field('element', item, nullable=False))})"
        case StructType(fields=fields):
            return f"pyarrow.struct([{', '.join(map(_field, fields))}])"
    return f"pyarrow.{_ARROW[kind]}"
