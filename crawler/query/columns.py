"""The columns of the views, with their types in SQL (pure)."""

from typing import Final

# Types are declared: guessed ones would depend on the first rows.
RECORD_COLUMNS: Final = {
    "target": "VARCHAR",
    "center": "VARCHAR",
    "name": "VARCHAR",
    "category": "VARCHAR",
    "description": "VARCHAR",
    "size": "BIGINT",
    "is_public": "BOOLEAN",
    "num_images": "BIGINT",
    "num_download": "BIGINT",
    "created_at": "TIMESTAMP",
    "updated_at": "TIMESTAMP",
    "logo": "VARCHAR",
    "url": "VARCHAR",
    "path": "VARCHAR",
    "internal_path": "VARCHAR",
    "domain_name": "VARCHAR",
    "namespace": "VARCHAR",
    "tags": "VARCHAR[]",
    "status": "BOOLEAN",
    "extra": "JSON",
    "invalid": "JSON",
}


WALK_COLUMNS: Final = {
    "target": "VARCHAR",
    "center": "VARCHAR",
    "namespace": "VARCHAR",
    "verdict": "VARCHAR",
    "declared_totals": "BIGINT[]",
    "records": "BIGINT",
    "distinct": "BIGINT",
    "duplicates": "BIGINT",
    "rejects": "BIGINT",
    "outside": "BIGINT",
    "invalid": "BIGINT",
    "invalid_fields": "VARCHAR[]",
    "passes": "BIGINT",
    "requests": "BIGINT",
    "limit": "BIGINT",
    "order": "VARCHAR",
    "dialect": "VARCHAR",
    "reason": "VARCHAR",
    "lost": 'STRUCT("offset" BIGINT, "end" BIGINT, "got" BIGINT, "reason" VARCHAR)[]',
    "carried_from": "VARCHAR",
    "seen": "BIGINT",
}


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
