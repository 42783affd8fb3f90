"""The columns of the views, with their types in SQL (pure): they follow from the schemas of records and manifests."""

from typing import Final

from crawler.model.record import Record
from crawler.snapshot.manifest import WalkEntry
from crawler.snapshot.schema.duckdb_columns import duckdb_columns
from crawler.snapshot.schema.fields import fields_of

RECORD_COLUMNS: Final = duckdb_columns(fields_of(Record))
WALK_COLUMNS: Final = duckdb_columns(fields_of(WalkEntry))
# Of a line that `swr/decode/reject.py` writes; a test holds the two equal.
REJECT_COLUMNS: Final = {
    "target": "VARCHAR",
    "center": "VARCHAR",
    "namespace": "VARCHAR",
    "offset": "BIGINT",
    "index": "BIGINT",
    "reason": "VARCHAR",
    "raw": "VARCHAR",
    "encoding": "VARCHAR",
    "bytes": "BIGINT",
    "blake2b": "VARCHAR",
}
