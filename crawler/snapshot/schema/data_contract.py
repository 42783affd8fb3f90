"""A record as a data contract: the Open Data Contract Standard, version 3.1 (pure).

It promises only what a record and the manifest hold. When a snapshot is made is the user's own schedule, so there is no
service level of how fresh it is.

Source: https://github.com/bitol-io/open-data-contract-standard, v3.1.0. JSON is YAML too, so it is printed as JSON.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from crawler.model.record import IDENTITY, Record
from crawler.snapshot.layout import MANIFEST, SUCCESS
from crawler.snapshot.schema.fields import Field, FieldType, ListType, ScalarType, StructType, fields_of

_KEY: Final = ("target", "center", *IDENTITY)  # identify a record within a snapshot
_LOGICAL: Final[dict[ScalarType, str]] = {
    "string": "string",
    "integer": "integer",
    "boolean": "boolean",
    "timestamp": "timestamp",
    "json": "object",
}
_OPTIONS: Final = ("minLength", "minimum", "maximum")  # ODCS has the words of JSON Schema for them
_TIMESTAMP: Final = {"format": "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'", "timezone": True}


def data_contract(version: str) -> dict[str, Any]:
    """Return the contract of the records of a snapshot, which `version` of this program writes."""
    fields = fields_of(Record)
    declared = _declared()
    return {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": "swr-crawler.record",
        "name": "Shared repositories of a container registry (SWR)",
        "version": version,
        "status": "active",
        "description": {
            "purpose": "An inventory of shared container images: each record that the API declares, once.",
            "usage": f"Read the part files of a snapshot that has {SUCCESS}, after `swr-crawler verify`.",
            "limitations": f"A snapshot without {SUCCESS} is not complete; its manifest says what is missing.",
        },
        "schema": [
            {
                "name": "record",
                "logicalType": "object",
                "physicalName": "part-*.ndjson*",
                "physicalType": "NDJSON, plain or compressed with zstd or gzip",
                "description": "One shared image repository, on one line of a part file.",
                "dataGranularityDescription": "One row for each repository of a target and a center.",
                "properties": [property_of(field, declared[field.name]) for field in fields],
                "quality": [
                    {
                        "metric": "duplicateValues",
                        "arguments": {"properties": list(_KEY)},
                        "mustBe": 0,
                        "dimension": "uniqueness",
                    },
                    {
                        "type": "text",
                        "description": f"The rows are as many as `records` of all `files` in {MANIFEST} together.",
                        "dimension": "completeness",
                    },
                ],
            }
        ],
    }


def _declared() -> dict[str, Mapping[str, Any]]:
    """Return the JSON Schema of each field of a record, without null."""
    schema = msgspec.json.schema(Record)
    fields: Mapping[str, Mapping[str, Any]] = schema["$defs"]["Record"]["properties"]
    return {name: {**of, **of.get("anyOf", [{}])[0]} for name, of in fields.items()}


def property_of(field: Field, declared: Mapping[str, Any]) -> dict[str, Any]:
    """Return one property of the contract; `declared` is its JSON Schema without null, or {}."""
    found: dict[str, Any] = {"name": field.name, **_type(field.type), "required": not field.nullable}
    if field.name in _KEY:
        found |= {"primaryKey": True, "primaryKeyPosition": _KEY.index(field.name) + 1}
    options = {name: declared[name] for name in _OPTIONS if name in declared}
    if options:
        found["logicalTypeOptions"] = {**options, **found.get("logicalTypeOptions", {})}
    if "enum" in declared:
        valid = {"metric": "invalidValues", "arguments": {"validValues": declared["enum"]}, "mustBe": 0}
        found["quality"] = [valid]
    if "description" in declared:
        found["description"] = declared["description"]
    return found


def _type(kind: FieldType) -> dict[str, Any]:
    match kind:
        case ListType(item=item):
            return {"logicalType": "array", "items": _type(item)}
        case StructType(fields=fields):
            return {"logicalType": "object", "properties": [property_of(one, {}) for one in fields]}
        case "timestamp":
            return {"logicalType": "timestamp", "logicalTypeOptions": _TIMESTAMP}
        case "integer":
            return {"logicalType": "integer", "logicalTypeOptions": {"format": "i64"}}
    return {"logicalType": _LOGICAL[kind]}
