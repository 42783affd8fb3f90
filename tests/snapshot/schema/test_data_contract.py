"""Laws of the data contract: it is one by the standard, and says of each field what the JSON Schema says."""

from importlib.resources import files
from typing import Any

import jsonschema
import msgspec
import orjson
import pytest

from crawler.model.record import Record
from crawler.snapshot.schema.data_contract import data_contract, property_of
from crawler.snapshot.schema.fields import Field, ListType, StructType


def contract_errors(contract: dict[str, Any]) -> list[str]:
    """Return what the standard's own schema, version 3.1, finds wrong in a contract."""
    schema = orjson.loads((files("open_data_contract_standard") / "schema.json").read_bytes())
    return [error.message for error in jsonschema.Draft201909Validator(schema).iter_errors(contract)]


def properties() -> dict[str, dict[str, Any]]:
    (record,) = data_contract("1.2.3")["schema"]
    return {one["name"]: one for one in record["properties"]}


def test_the_contract_is_valid_by_the_standard_and_names_its_version() -> None:
    contract = data_contract("1.2.3")
    assert contract_errors(contract) == []
    assert (contract["apiVersion"], contract["version"]) == ("v3.1.0", "1.2.3")


@pytest.mark.parametrize("change", [{"status": None}, {"kind": "Contract"}, {"apiVersion": "v9"}])
def test_the_standard_refuses_what_is_no_contract(change: dict[str, Any]) -> None:
    assert contract_errors({**data_contract("1.2.3"), **change})


def test_an_unknown_word_in_a_property_is_refused() -> None:
    contract = data_contract("1.2.3")
    contract["schema"][0]["properties"][0]["nullable"] = True
    assert contract_errors(contract)


def test_the_contract_has_each_field_and_requires_those_that_are_never_null() -> None:
    assert list(properties()) == list(Record.__struct_fields__)
    required = {name for name, one in properties().items() if one["required"]}
    assert required == {"target", "center", "name", "namespace", "tags"}


def test_the_key_is_what_identifies_a_record_in_a_snapshot() -> None:
    keys = {one["primaryKeyPosition"]: name for name, one in properties().items() if one.get("primaryKey")}
    assert [keys[position] for position in sorted(keys)] == ["target", "center", "domain_name", "namespace", "name"]
    assert [*sorted(keys)] == [1, 2, 3, 4, 5]


def test_bounds_and_values_are_those_of_the_json_schema() -> None:
    declared = msgspec.json.schema(Record)["$defs"]["Record"]["properties"]
    assert properties()["name"]["logicalTypeOptions"] == {"minLength": declared["name"]["minLength"]}
    size = declared["size"]["anyOf"][0]
    bounds = {"minimum": size["minimum"], "maximum": size["maximum"], "format": "i64"}
    assert properties()["size"]["logicalTypeOptions"] == bounds
    (valid,) = properties()["center"]["quality"]
    assert valid["arguments"] == {"validValues": declared["center"]["enum"]}
    assert properties()["center"]["description"] == declared["center"]["description"]


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (Field("a", "boolean", nullable=True), {"logicalType": "boolean"}),
        (Field("a", "json", nullable=True), {"logicalType": "object"}),
        (
            Field("a", ListType("string"), nullable=True),
            {"logicalType": "array", "items": {"logicalType": "string"}},
        ),
        (
            Field("a", StructType((Field("b", "boolean", nullable=True),)), nullable=True),
            {"logicalType": "object", "properties": [{"name": "b", "logicalType": "boolean", "required": False}]},
        ),
    ],
)
def test_each_type_has_one_in_the_standard(field: Field, expected: dict[str, Any]) -> None:
    found = property_of(field, {})
    assert found == {"name": "a", "required": False, **expected}
    contract = data_contract("1.2.3")
    contract["schema"][0]["properties"].append(found)
    assert contract_errors(contract) == []
