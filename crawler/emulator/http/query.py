"""What is asked: a raw query string becomes a `ListQuery`, or a refusal with SWR's code (the page, table 1).

Choices where the documents are silent or disagree (FACTS 1.1 and "Unknown"), each of them the stricter one:
- `filter`, once present, is the whole question: direct parameters beside it are ignored;
- an empty value (`center=`) counts as absent; of a repeated parameter the first counts (as Go reads a query);
  direct parameters nobody knows are ignored, keys of `filter` nobody knows are refused;
- `center` absent is `self`; `limit` and `offset` absent are 100 and 0;
- `limit` without `offset` and `order_column` without `order_type`, or the other way round, are refused.
  `PairRule` "ignore" gives what was seen of a sibling API instead: the lone one "has no effect".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl

from crawler.emulator.inventory.center_rows import CENTERS
from crawler.model.walk_id import Center

OverLimit = Literal["clamp", "refuse"]
PairRule = Literal["refuse", "ignore"]

# Columns of either spelling: `updated_at` is the direct one, `updated_time` the one of `filter` (FACTS 1.1).
ORDER_COLUMNS = ("updated_at", "updated_time", "name", "tag_count", "namespace", "domain_name")
_KEYS = frozenset(
    ("namespace", "name", "center", "limit", "offset", "order_column", "order_type", "domain_name", "status")
)

# The page, table 1: 1 to 64, a letter first, a letter or digit last, no separators side by side but two `_`.
# Runs of hyphens are allowed by a newer text (FACTS 1.1), which is taken in too.
NAMESPACE = re.compile(r"(?=.{1,64}\Z)[a-z][a-z0-9]*(?:(?:\.|__?|-+)[a-z0-9]+)*", re.ASCII)
_NAME_LENGTH = 128  # FACTS 1.1
_INTEGER = re.compile(r"-?[0-9]{1,18}", re.ASCII)  # fits int64


class QueryRefusedError(Exception):
    """The question can't be answered: status 400 with this code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


INVALID_PARAMETERS = "SVCSTG.SWR.4001025"
INVALID_FILTER = "SVCSTG.SWR.4001035"
INVALID_NAMESPACE = "SVCSTG.SWR.4001028"
INVALID_NAME = "SVCSTG.SWR.4001029"
INVALID_PAGE_SIZE = "SVCSTG.SWR.4000056"
INVALID_ORDER_COLUMN = "SVCSTG.SWR.4001096"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """What the server makes of paging. Default and maximum are of the newest documents (FACTS 1.1)."""

    default_limit: int = 100
    max_limit: int = 1000
    over_limit: OverLimit = "clamp"
    pair_rule: PairRule = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuery:
    """A question that can be answered. `name` is a part of the name, the other strings are exact.

    `order_column` None is key order: (domain_name, namespace, name), which is also how ties are broken.
    """

    center: Center = "self"
    namespace: str | None = None
    name: str | None = None
    domain_name: str | None = None
    status: bool | None = None
    limit: int = 100
    offset: int = 0
    order_column: str | None = None
    descending: bool = False


def parameters(raw_query: str) -> dict[str, str]:
    """Read a query string, raw or percent-encoded: `|` and `::` may be either."""
    found: dict[str, str] = {}
    for key, value in parse_qsl(raw_query):  # drops empty values
        found.setdefault(key, value)
    return found


def unpack_filter(text: str, keys: frozenset[str]) -> dict[str, str]:
    """Read `key::value|key::value`. A value may hold `::` but never `|`: no escape is documented.

    Raises QueryRefusedError (4001035) for a pair without `::`, a key not among `keys`, or one given twice.
    """
    found: dict[str, str] = {}
    for pair in text.split("|"):
        key, colons, value = pair.partition("::")
        if not colons or key not in keys or key in found:
            raise QueryRefusedError(INVALID_FILTER, "Invalid filtering criteria")
        found[key] = value
    return {key: value for key, value in found.items() if value}


def asked(raw_query: str, keys: frozenset[str]) -> dict[str, str]:
    """Give the parameters that count: those of `filter` if there is one, otherwise the direct ones."""
    direct = parameters(raw_query)
    if "filter" in direct:
        return unpack_filter(direct["filter"], keys)
    return direct


def parse_query(raw_query: str, paging: Paging) -> ListQuery:
    """Read what is asked of the list. Raises QueryRefusedError with the code the docstring above explains."""
    given = asked(raw_query, _KEYS)
    _keep_pair(given, ("limit", "offset"), paging.pair_rule)
    _keep_pair(given, ("order_column", "order_type"), paging.pair_rule)
    return ListQuery(
        center=_center(given),
        namespace=_namespace(given),
        name=_name(given),
        domain_name=given.get("domain_name"),
        status=_status(given),
        limit=_limit(given, paging),
        offset=_offset(given),
        order_column=_order_column(given),
        descending=_descending(given),
    )


def _keep_pair(given: dict[str, str], pair: tuple[str, str], rule: PairRule) -> None:
    lone = [key for key in pair if key in given]
    if len(lone) == 1:
        if rule == "refuse":
            raise QueryRefusedError(INVALID_PARAMETERS, f"{pair[0]} and {pair[1]} must be used together")
        del given[lone[0]]


def _center(given: Mapping[str, str]) -> Center:
    text = given.get("center", "self")
    center = next((center for center in CENTERS if center == text), None)
    if center is None:
        raise QueryRefusedError(INVALID_PARAMETERS, "center must be self or thirdparty")
    return center


def _namespace(given: Mapping[str, str]) -> str | None:
    namespace = given.get("namespace")
    if namespace is not None and not NAMESPACE.fullmatch(namespace):
        raise QueryRefusedError(INVALID_NAMESPACE, "Invalid organization name")
    return namespace


def _name(given: Mapping[str, str]) -> str | None:
    name = given.get("name")
    if name is not None and len(name) > _NAME_LENGTH:
        raise QueryRefusedError(INVALID_NAME, "Invalid image name")
    return name and name.replace("$", "/")


def _status(given: Mapping[str, str]) -> bool | None:
    status = given.get("status")
    if status not in {None, "true", "false"}:
        raise QueryRefusedError(INVALID_PARAMETERS, "status must be true or false")
    return None if status is None else status == "true"


def _integer(text: str, key: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise QueryRefusedError(INVALID_PARAMETERS, f"{key} must be a number")
    return int(text)


def _limit(given: Mapping[str, str], paging: Paging) -> int:
    if "limit" not in given:
        return min(paging.default_limit, paging.max_limit)
    limit = _integer(given["limit"], "limit")
    if limit < 1 or (limit > paging.max_limit and paging.over_limit == "refuse"):
        raise QueryRefusedError(INVALID_PAGE_SIZE, "Invalid page size")
    return min(limit, paging.max_limit)


def _offset(given: Mapping[str, str]) -> int:
    offset = _integer(given.get("offset", "0"), "offset")
    if offset < 0:
        raise QueryRefusedError(INVALID_PARAMETERS, "offset must not be negative")
    return offset


def _order_column(given: Mapping[str, str]) -> str | None:
    column = given.get("order_column")
    if column is not None and column not in ORDER_COLUMNS:
        raise QueryRefusedError(INVALID_ORDER_COLUMN, "Invalid order_column")
    return column


def _descending(given: Mapping[str, str]) -> bool:
    order_type = given.get("order_type", "asc")
    if order_type not in {"asc", "desc"}:
        raise QueryRefusedError(INVALID_PARAMETERS, "order_type must be asc or desc")
    return order_type == "desc"
