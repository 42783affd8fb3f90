"""Where rows come from: a seed (`synthetic`) or a file of NDJSON (`from_ndjson`)."""

from collections.abc import Iterable
from typing import Any

import orjson

from crawler.emulator.inventory.center_rows import CENTERS, Inventory, center_rows, render
from crawler.emulator.inventory.synthetic import synthetic
from crawler.errors import ConfigError
from crawler.model.walk_id import Center

__all__ = ["CENTERS", "Center", "Inventory", "from_ndjson", "synthetic"]

_KEY = ("domain_name", "namespace", "name")


def from_ndjson(lines: Iterable[bytes], *, source: str) -> Inventory:
    """Read an inventory: each line an item as the API sends it plus `center`; blank lines don't count.

    Only `center` and the key (domain_name, namespace, name) are checked. Everything else is served as it is
    written, wrong types and missing fields included, so that a file can hold what a client must survive.
    Raises ConfigError naming `source` and the line.
    """
    shelves: dict[Center, dict[tuple[str, str, str], bytes]] = {center: {} for center in CENTERS}
    for number, line in enumerate(lines, start=1):
        if line.strip():
            center, key, row = _parse(line, f"{source}:{number}")
            if key in shelves[center]:
                raise ConfigError(f"{source}:{number}: {'/'.join(key)} is already in center {center}")
            shelves[center][key] = row
    return Inventory(
        {center: center_rows((*key, row) for key, row in rows.items()) for center, rows in shelves.items()}
    )


def _parse(line: bytes, where: str) -> tuple[Center, tuple[str, str, str], bytes]:
    try:
        item: Any = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise ConfigError(f"{where}: not JSON: {error}") from None
    if not isinstance(item, dict):
        raise ConfigError(f"{where}: not a JSON object")
    center = next((center for center in CENTERS if center == item.get("center")), None)
    if center is None:
        raise ConfigError(f"{where}: `center` must be self or thirdparty")
    for field in _KEY:
        if not isinstance(item.get(field), str):
            raise ConfigError(f"{where}: `{field}` must be a string")
    return center, (item["domain_name"], item["namespace"], item["name"]), render(item)
