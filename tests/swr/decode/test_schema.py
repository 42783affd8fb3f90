"""Laws of the record's schema: what reads, sends and writes items has the fields of a record, in their order."""

from typing import Final

from crawler.emulator.inventory.synthetic import EXAMPLE
from crawler.model.record import IDENTITY, ITEM_FIELDS, Record, Time
from crawler.swr.decode.fast import Item
from crawler.swr.decode.lenient import _READERS

# As the documents of the service list them: docs/reference/swr-api.md#response-fields.
DOCUMENTED: Final = (
    *("name", "category", "description", "size", "is_public", "num_images", "num_download", "created_at"),
    *("updated_at", "logo", "url", "path", "internal_path", "domain_name", "namespace", "tags", "status"),
)


def test_a_record_has_the_documented_fields_in_their_order() -> None:
    assert ITEM_FIELDS == DOCUMENTED
    assert set(IDENTITY) < set(ITEM_FIELDS)


def test_an_item_of_the_fast_path_encodes_to_a_record_so_it_has_the_same_fields_in_the_same_order() -> None:
    assert Item.__struct_fields__ == (*Record.__struct_fields__, "total_range")


def test_the_lenient_path_reads_each_field_of_an_item() -> None:
    assert tuple(_READERS) == ITEM_FIELDS


def test_the_documented_example_that_the_emulator_serves_has_each_field() -> None:
    assert tuple(EXAMPLE) == ITEM_FIELDS


def test_an_item_has_the_types_of_a_record_but_for_what_normalize_makes() -> None:
    made: dict[object, object] = {Time | None: str | None, list[str]: list[str] | None}
    types = {name: Record.__annotations__[name] for name in ITEM_FIELDS}
    assert {name: Item.__annotations__[name] for name in ITEM_FIELDS} == {
        name: made.get(kind, kind) for name, kind in types.items()
    }
