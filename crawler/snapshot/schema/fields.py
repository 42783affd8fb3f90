"""The fields of a struct, with types that other tools have too (pure).

`crawler/model/record.py` declares a record once, as a msgspec struct. Its JSON Schema is msgspec's own; the columns of
DuckDB, the Arrow schema and the data contract follow from `fields_of`.
"""

from typing import Literal, NamedTuple, TypeAlias

import msgspec
from msgspec import inspect

# `timestamp` is RFC 3339 in UTC with six digits; `json` is an object of any content.
ScalarType: TypeAlias = Literal["string", "integer", "boolean", "timestamp", "json"]


class ListType(NamedTuple):
    """A list whose items are never null."""

    item: "FieldType"


class StructType(NamedTuple):
    """An object with the same fields in each row."""

    fields: tuple["Field", ...]


FieldType: TypeAlias = ScalarType | ListType | StructType


class Field(NamedTuple):
    """One field: its name in JSON, its type, and whether it may be null or absent."""

    name: str
    type: FieldType
    nullable: bool


def fields_of(kind: type[msgspec.Struct]) -> tuple[Field, ...]:
    """Return the fields of a struct, in their order. Raises TypeError for a field of a type that tables do not have."""
    match inspect.type_info(kind):
        case inspect.StructType(fields=fields):
            return _fields(fields)
    raise TypeError(f"{kind} is no struct")


def _fields(fields: tuple[inspect.Field, ...]) -> tuple[Field, ...]:
    return tuple(Field(field.encode_name, _type(field.type), _is_nullable(field)) for field in fields)


def _is_nullable(field: inspect.Field) -> bool:
    may_be_null = isinstance(field.type, inspect.UnionType) and field.type.includes_none
    return may_be_null or _may_be_absent(field)


def _may_be_absent(field: inspect.Field) -> bool:
    """Return whether JSON may lack a field; msgspec names no default when that is UNSET."""
    return not field.required and field.default is field.default_factory is msgspec.NODEFAULT


def _type(kind: inspect.Type) -> FieldType:
    match kind:
        case inspect.Metadata(type=inner, extra_json_schema=schema):
            return "timestamp" if (schema or {}).get("format") == "date-time" else _type(inner)
        case inspect.UnionType(types=types):
            (inner,) = (one for one in types if not isinstance(one, inspect.NoneType))
            return _type(inner)
        case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item):
            return ListType(_type(item))
        case inspect.StructType(fields=fields):
            return StructType(_fields(fields))
    return _scalar(kind)


def _scalar(kind: inspect.Type) -> ScalarType:
    match kind:
        case inspect.StrType() | inspect.LiteralType():
            return "string"
        case inspect.BoolType():
            return "boolean"
        case inspect.IntType():
            return "integer"
        case inspect.DictType():
            return "json"
    raise TypeError(f"{kind} has no type in a table")
