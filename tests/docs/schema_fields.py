"""The fields of what is written, from the JSON Schemas that `swr-crawler schema` prints, as tables (pure)."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tests.docs.markdown import code, prose, sentence, table

Schema = Mapping[str, Any]


class Meaning(NamedTuple):
    """What a field means, and its unit, empty for none."""

    unit: str
    text: str


Meanings = Mapping[str, Mapping[str, Meaning]]  # by object, by field


def documented(declared: Mapping[str, Mapping[str, str | list[str]]]) -> dict[str, dict[str, Meaning]]:
    """Return the meanings of tests/docs/pages/fields.toml: a text, or a unit and a text."""
    return {
        kind: {
            field: Meaning("", value) if isinstance(value, str) else Meaning(value[0], value[1])
            for field, value in fields.items()
        }
        for kind, fields in declared.items()
    }


def specified(specification: str) -> dict[str, Meaning]:
    """Return the meanings of the service's own fields, from the table of docs/reference/swr-api.md#response-fields."""
    section = specification.partition('<a id="response-fields"></a>')[2].partition("<a id=")[0]
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", section, re.MULTILINE)
    return {name: Meaning("" if unit == "-" else unit, _with_note(meaning, note)) for name, unit, meaning, note in rows}


def _with_note(meaning: str, note: str) -> str:
    linked = re.sub(r"\]\(#", "](swr-api.md#", note)
    return meaning if note == "-" else f"{meaning}; {linked}"


def objects(schema: Schema) -> dict[str, Schema]:
    """Return the objects that a schema defines, by name."""
    found: dict[str, Schema] = schema["$defs"]
    return found


def fields_table(name: str, schema: Schema, meanings: Mapping[str, Meaning]) -> str:
    """Return the table of an object's fields. Raise ValueError for a field without meaning, or the reverse."""
    declared: Mapping[str, Schema] = schema["properties"]
    needed = {field for field, of in declared.items() if "description" not in of}
    if needed != set(meanings):
        missing, unneeded = sorted(needed - set(meanings)), sorted(set(meanings) - needed)
        raise ValueError(f"tests/docs/pages/fields.toml, [{name}]: missing {missing}, not in the schema {unneeded}")
    rows = []
    for field, of in declared.items():
        unit, text = meanings.get(field, Meaning("", ""))
        optional = field not in schema.get("required", ()) and "default" not in of
        kind = type_in_words(of) + (", may be absent" if optional else "")
        meaning = sentence(of["description"]) if "description" in of else sentence(text)
        rows.append((code(field), kind, unit, meaning))
    return table(("Field", "Type", "Unit", "Meaning"), rows)


def introduction(schema: Schema) -> str:
    """Return the first paragraph of what the code says of an object."""
    return prose(schema.get("description", "").strip().partition("\n\n")[0])


def type_in_words(schema: Schema) -> str:
    """Return the type of a value, as Markdown; an object that has a table of its own is a link to its heading."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})" if name != "Record" else "[record](snapshot-format.md#record)"
    if "anyOf" in schema:
        return " or ".join(_unique(map(type_in_words, schema["anyOf"])))
    if "enum" in schema:
        return ", ".join(code(str(value)) for value in schema["enum"])
    if schema.get("format") == "date-time":
        return "time (RFC 3339)"
    return _plain_type(schema)


def _plain_type(schema: Schema) -> str:
    kind = schema.get("type", "any value")
    if kind == "array":
        return f"list of {type_in_words(schema.get('items', {}))}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return f"object of {type_in_words(schema['additionalProperties'])}"
    return str(kind)


def _unique(words: Iterator[str]) -> list[str]:
    return list(dict.fromkeys(words))
