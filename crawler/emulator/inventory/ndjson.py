"""An inventory from a file of NDJSON. It also exports the names that a caller needs beside `from_ndjson`."""

from collections.abc import Iterable
from typing import Any

import orjson

from crawler.emulator.inventory.center_rows import CENTERS, Inventory, group_rows, render
from crawler.emulator.inventory.synthetic import synthetic
from crawler.errors import ConfigError
from crawler.model.walk_id import Center

__all__ = ["CENTERS", "Center", "Inventory", "from_ndjson", "synthetic"]

_KEY = ("domain_name", "namespace", "name")


def from_ndjson(lines: Iterable[bytes], *, source: str) -> Inventory:
    """Return the inventory of a file: one item a line, as the service sends it, plus `center`. Blank lines are ignored.

    Only `center` and the key (domain_name, namespace, name) are checked. All other fields are served as they are, wrong
    types and missing fields included, so that a file can hold data that a client must survive. Raises ConfigError with
    `source` and the line number.
    """
    centers: dict[Center, dict[tuple[str, str, str], bytes]] = {center: {} for center in CENTERS}
    for number, line in enumerate(lines, start=1):
        if line.strip():
            center, key, row = _parse(line, f"{source}:{number}")
            if key in centers[center]:
                raise ConfigError(f"{source}:{number}: {'/'.join(key)} is already in center {center}")
            centers[center][key] = row
    return Inventory({center: group_rows((*key, row) for key, row in rows.items()) for center, rows in centers.items()})


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
