"""Laws of the columns: each is a field of what the view shows, and its type follows from the field's."""

import orjson
import pytest

from crawler.model.record import Record
from crawler.query.columns import RECORD_COLUMNS, REJECT_COLUMNS, WALK_COLUMNS
from crawler.snapshot.manifest import WalkEntry
from crawler.swr.decode.batch import Source
from crawler.swr.decode.reject import MAX_RAW_BYTES, Shown, reject_line


def test_the_columns_are_the_fields_in_their_order() -> None:
    assert tuple(RECORD_COLUMNS) == Record.__struct_fields__
    assert tuple(WALK_COLUMNS) == WalkEntry.__struct_fields__


@pytest.mark.parametrize(
    ("columns", "name", "kind"),
    [
        (RECORD_COLUMNS, "center", "VARCHAR"),
        (RECORD_COLUMNS, "size", "BIGINT"),
        (RECORD_COLUMNS, "is_public", "BOOLEAN"),
        (RECORD_COLUMNS, "updated_at", "TIMESTAMP"),
        (RECORD_COLUMNS, "tags", "VARCHAR[]"),
        (RECORD_COLUMNS, "extra", "JSON"),
        (WALK_COLUMNS, "declared_totals", "BIGINT[]"),
        (WALK_COLUMNS, "seen", "BIGINT"),
        (WALK_COLUMNS, "lost", 'STRUCT("offset" BIGINT, "end" BIGINT, "got" BIGINT, "reason" VARCHAR)[]'),
    ],
)
def test_the_type_of_a_column_follows_from_its_field(columns: dict[str, str], name: str, kind: str) -> None:
    assert columns[name] == kind


def test_the_columns_of_rejects_are_what_a_line_of_one_has() -> None:
    line = reject_line(b"x" * (MAX_RAW_BYTES + 1), 0, "is too long", Source("eu", "self", None, 0), Shown())
    assert list(orjson.loads(line)) == list(REJECT_COLUMNS)
