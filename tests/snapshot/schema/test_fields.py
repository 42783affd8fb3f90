"""Laws of the fields: each has a type that tables have, and is nullable when JSON may hold null or lack it."""

from typing import Annotated, Any

import msgspec
import pytest

from crawler.model.record import Record
from crawler.snapshot.manifest import WalkEntry
from crawler.snapshot.schema.fields import Field, ListType, StructType, fields_of

MAY_BE_ABSENT = {"extra", "invalid"}
NEVER_NULL = {"target", "center", "name", "namespace", "tags"}


class Odd(msgspec.Struct):
    field: Any


class Inner(msgspec.Struct):
    start: int


class Every(msgspec.Struct, kw_only=True, rename="camel"):
    some_text: str
    number: Annotated[int, msgspec.Meta(ge=0)] | None
    counted: int = 0
    listed: list[bool] = []
    inner: tuple[Inner, ...] = ()
    absent: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    null_or_absent: str | msgspec.UnsetType | None = msgspec.UNSET


def test_the_fields_of_a_record_are_those_of_its_json_in_their_order() -> None:
    assert [field.name for field in fields_of(Record)] == list(Record.__struct_fields__)


def test_a_field_that_is_never_null_and_never_absent_is_the_only_one_that_is_not_nullable() -> None:
    assert {field.name for field in fields_of(Record) if not field.nullable} == NEVER_NULL
    schema = msgspec.json.schema(Record)["$defs"]["Record"]
    may_be_null = {name for name, of in schema["properties"].items() if {"type": "null"} in of.get("anyOf", ())}
    assert {field.name for field in fields_of(Record) if field.nullable} == may_be_null | MAY_BE_ABSENT
    assert set(schema["properties"]) - set(schema["required"]) == MAY_BE_ABSENT


def test_each_kind_of_field_has_a_type() -> None:
    assert fields_of(Every) == (
        Field("someText", "string", nullable=False),
        Field("number", "integer", nullable=True),
        Field("counted", "integer", nullable=False),
        Field("listed", ListType("boolean"), nullable=False),
        Field("inner", ListType(StructType((Field("start", "integer", nullable=False),))), nullable=False),
        Field("absent", "json", nullable=True),
        Field("nullOrAbsent", "string", nullable=True),
    )


def test_a_time_is_no_mere_text() -> None:
    types = {field.name: field.type for field in fields_of(Record)}
    assert (types["updated_at"], types["name"]) == ("timestamp", "string")


def test_the_walks_of_a_manifest_have_types_too() -> None:
    assert [field.name for field in fields_of(WalkEntry)] == list(WalkEntry.__struct_fields__)


def test_a_field_that_tables_have_no_type_for_is_refused() -> None:
    with pytest.raises(TypeError, match="no type in a table"):
        fields_of(Odd)
    with pytest.raises(TypeError, match="no struct"):
        fields_of(int)  # type: ignore[arg-type]  # on purpose
