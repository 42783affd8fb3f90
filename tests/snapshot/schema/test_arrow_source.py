"""Laws of the Arrow schema: a Python module with one line for each field. Tests with pyarrow load it."""

import pytest

from crawler.model.record import Record
from crawler.snapshot.schema.arrow_source import arrow_source
from crawler.snapshot.schema.fields import Field, ListType, StructType, fields_of


@pytest.mark.parametrize(
    ("field", "source"),
    [
        (Field("a", "string", nullable=True), 'pyarrow.field("a", pyarrow.string())'),
        (Field("a", "integer", nullable=False), 'pyarrow.field("a", pyarrow.int64(), nullable=False)'),
        (Field("a", "boolean", nullable=True), 'pyarrow.field("a", pyarrow.bool_())'),
        (Field("a", "timestamp", nullable=True), 'pyarrow.field("a", pyarrow.timestamp("us", tz="UTC"))'),
        (Field("a", "json", nullable=True), 'pyarrow.field("a", pyarrow.string())'),
        (
            Field("a", ListType("string"), nullable=True),
            'pyarrow.field("a", pyarrow.list_(pyarrow.field("element", pyarrow.string(), nullable=False)))',
        ),
        (
            Field("a", StructType((Field("b", "integer", nullable=True),)), nullable=False),
            'pyarrow.field("a", pyarrow.struct([pyarrow.field("b", pyarrow.int64())]), nullable=False)',
        ),
    ],
)
def test_each_type_has_one_in_arrow(field: Field, source: str) -> None:
    assert f"        {source},\n" in arrow_source([field])


def test_the_module_has_a_line_for_each_field_of_a_record_and_is_python() -> None:
    source = arrow_source(fields_of(Record))
    compile(source, "record_schema.py", "exec")
    lines = [line for line in source.splitlines() if line.startswith(" " * 8)]
    assert [line.split('"')[1] for line in lines] == list(Record.__struct_fields__)
