"""What we publish is what the vendor's own client lists, field by field."""

from datetime import datetime
from pathlib import Path
from typing import Any

from crawler.emulator.inventory.ndjson import synthetic
from tests.sdk.official import items, official, sdk_fields
from tests.support.emulator_fixture import crawl, records, serve, snapshot_of

INVENTORY = synthetic(namespaces=4, repositories=300, seed=3)
_OURS = {"target", "center", "total_range"}


def comparable(item: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is ours, and what we make one form of: empty reserved texts, missing tags, times."""
    plain = {name: value for name, value in item.items() if name not in _OURS}
    plain |= {name: plain.get(name) or None for name in ("logo", "url")}
    plain["tags"] = plain.get("tags") or []
    for name in ("created_at", "updated_at"):
        plain[name] = datetime.fromisoformat(plain[name]) if plain.get(name) else None
    return plain


def test_the_official_client_lists_the_same_records_as_our_crawl(tmp_path: Path) -> None:
    with serve(INVENTORY) as served, official(served) as client:
        result = crawl(served.endpoint, tmp_path, limit=50)
        for center in ("self", "thirdparty"):
            theirs = {
                (item["domain_name"], item["namespace"], item["name"]): comparable(item)
                for item in map(sdk_fields, items(client, center=center, limit=50))
            }
            ours = {
                (record["domain_name"], record["namespace"], record["name"]): comparable(record)
                for record in records(snapshot_of(result), center)
            }
            assert ours == theirs
