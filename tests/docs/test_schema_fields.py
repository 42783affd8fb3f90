"""How a JSON Schema becomes tables of fields."""

from typing import Any

import pytest

from tests.docs.schema_fields import Meaning, documented, fields_table, introduction, specified, type_in_words


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, "string"),
        ({"type": "string", "format": "date-time"}, "time (RFC 3339)"),
        ({"enum": ["a", "b"]}, "`a`, `b`"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "integer or null"),
        ({"type": "array", "items": {"$ref": "#/$defs/Lost"}}, "list of [Lost](#lost)"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "object of integer"),
        ({"type": "object"}, "object"),
        ({"$ref": "#/$defs/Record"}, "[record](snapshot-format.md#record)"),
        ({}, "any value"),
    ],
)
def test_a_type_is_said_in_words(schema: dict[str, Any], words: str) -> None:
    assert type_in_words(schema) == words


SCHEMA = {
    "description": "First of it.\n\n    More.",
    "properties": {"a": {"type": "integer"}, "b": {"type": "string", "description": "its own"}, "c": {"default": 1}},
    "required": ["b"],
}


def test_a_field_has_its_type_its_unit_and_its_meaning() -> None:
    meanings = documented({"Thing": {"a": ["bytes", "size of it"], "c": "the rest"}})
    assert fields_table("Thing", SCHEMA, meanings["Thing"]).splitlines()[2:] == [
        "| `a` | integer, may be absent | bytes | Size of it. |",
        "| `b` | string | - | Its own. |",
        "| `c` | any value | - | The rest. |",
    ]
    assert introduction(SCHEMA) == "First of it."


@pytest.mark.parametrize("known", [{"a"}, {"a", "b", "c"}, {"a", "c", "d"}])
def test_a_field_without_meaning_and_a_meaning_without_field_are_errors(known: set[str]) -> None:
    with pytest.raises(ValueError, match=r"fields\.toml, \[Thing\]"):
        fields_table("Thing", SCHEMA, dict.fromkeys(known, Meaning("", "x")))


def test_fields_of_the_service_are_those_of_the_specification() -> None:
    page = (
        '<a id="response-fields"></a>\n| Field | Type | Unit | Meaning | Notes |\n|---|---|---|---|---|\n'
        "| `size` | int64 | bytes | size of it | [unit](#size-unit) |\n| `name` | string | - | a name | - |\n"
        '<a id="x"></a>\n'
        "| `other` | string | - | another table | - |\n"
    )
    assert specified(page) == {
        "size": Meaning("bytes", "size of it; [unit](swr-api.md#size-unit)"),
        "name": Meaning("", "a name"),
    }
