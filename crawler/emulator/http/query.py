"""The query of a request: a query string becomes a `ListQuery`, or a refusal with a code of SWR.

Where the documents say nothing or disagree, this module takes the stricter reading:
- If `filter` is present, direct parameters are ignored.
- An empty value (`center=`) counts as absent. Of a repeated parameter the first one counts, as Go reads a query.
  Unknown direct parameters are ignored, unknown keys of `filter` are refused.
- `center` defaults to `self`, `limit` to 100, `offset` to 0.
- `limit` without `offset` is refused, and so is `order_column` without `order_type`; likewise the other way round. With
  `PairRule` "ignore" the lone parameter has no effect, as a vendor document says of a sibling list.

Source: docs/reference/swr-api.md#parameters, #pairs, #lone-parameter, #filter-parameter, #filter-precedence,
#default-limit, #maximum-limit, #limit-out-of-range, #contradictions, #unknowns, #swr-error-codes.
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

# The update time has two spellings: `updated_at` as a direct parameter, `updated_time` in `filter`
# (swr-api.md#order-columns).
ORDER_COLUMNS = ("updated_at", "updated_time", "name", "tag_count", "namespace", "domain_name")
LIST_PARAMETERS = frozenset(
    ("namespace", "name", "center", "limit", "offset", "order_column", "order_type", "domain_name", "status")
)

# 1 to 64 characters: a letter first, a letter or digit last, no two separators next to each other except two `_`
# (swr-api.md#namespace-name-rule). A newer document also allows runs of hyphens (swr-api.md#namespace-hyphens).
NAMESPACE = re.compile(r"(?=.{1,64}\Z)[a-z][a-z0-9]*(?:(?:\.|__?|-+)[a-z0-9]+)*", re.ASCII)
_NAME_LENGTH = 128  # swr-api.md#repository-name-rule
_INTEGER = re.compile(r"-?[0-9]{1,18}", re.ASCII)  # fits int64


class QueryRefusedError(Exception):
    """The query is refused: status 400 with this code and message."""

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
    """The rules of paging. Default and maximum are those of the newest documents."""

    default_limit: int = 100
    max_limit: int = 1000
    over_limit: OverLimit = "clamp"
    pair_rule: PairRule = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuery:
    """A valid query. `name` matches a part of the name, the other strings match exactly.

    If `order_column` is None, rows are in key order (domain_name, namespace, name), which also breaks ties.
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


def parse_parameters(raw_query: str) -> dict[str, str]:
    """Return the parameters of a query string, in which `|` and `::` may be percent-encoded or not."""
    found: dict[str, str] = {}
    for key, value in parse_qsl(raw_query):  # drops empty values
        found.setdefault(key, value)
    return found


def parse_filter(text: str, keys: frozenset[str]) -> dict[str, str]:
    """Return the parameters of `key::value|key::value`. A value may contain `::` but not `|`: no escape is documented.

    Raises QueryRefusedError (4001035) for a pair without `::`, an unknown key, or a key that occurs twice.
    """
    found: dict[str, str] = {}
    for pair in text.split("|"):
        key, colons, value = pair.partition("::")
        if not colons or key not in keys or key in found:
            raise QueryRefusedError(INVALID_FILTER, "Invalid filtering criteria")
        found[key] = value
    return {key: value for key, value in found.items() if value}


def effective_parameters(raw_query: str, keys: frozenset[str]) -> dict[str, str]:
    """Return the parameters of `filter` if it is present, otherwise the direct ones. Raises QueryRefusedError."""
    direct = parse_parameters(raw_query)
    if "filter" in direct:
        return parse_filter(direct["filter"], keys)
    return direct


def parse_query(raw_query: str, paging: Paging) -> ListQuery:
    """Return the query of a request for the list. Raises QueryRefusedError with the code that SWR would send."""
    parameters = effective_parameters(raw_query, LIST_PARAMETERS)
    _apply_pair_rule(parameters, ("limit", "offset"), paging.pair_rule)
    _apply_pair_rule(parameters, ("order_column", "order_type"), paging.pair_rule)
    return ListQuery(
        center=_center(parameters),
        namespace=_namespace(parameters),
        name=_name(parameters),
        domain_name=parameters.get("domain_name"),
        status=_status(parameters),
        limit=_limit(parameters, paging),
        offset=_offset(parameters),
        order_column=_order_column(parameters),
        descending=_descending(parameters),
    )


def _apply_pair_rule(parameters: dict[str, str], pair: tuple[str, str], rule: PairRule) -> None:
    lone = [key for key in pair if key in parameters]
    if len(lone) == 1:
        if rule == "refuse":
            raise QueryRefusedError(INVALID_PARAMETERS, f"{pair[0]} and {pair[1]} must be used together")
        del parameters[lone[0]]


def _center(parameters: Mapping[str, str]) -> Center:
    text = parameters.get("center", "self")
    center = next((center for center in CENTERS if center == text), None)
    if center is None:
        raise QueryRefusedError(INVALID_PARAMETERS, "center must be self or thirdparty")
    return center


def _namespace(parameters: Mapping[str, str]) -> str | None:
    namespace = parameters.get("namespace")
    if namespace is not None and not NAMESPACE.fullmatch(namespace):
        raise QueryRefusedError(INVALID_NAMESPACE, "Invalid organization name")
    return namespace


def _name(parameters: Mapping[str, str]) -> str | None:
    name = parameters.get("name")
    if name is not None and len(name) > _NAME_LENGTH:
        raise QueryRefusedError(INVALID_NAME, "Invalid image name")
    return name and name.replace("$", "/")


def _status(parameters: Mapping[str, str]) -> bool | None:
    status = parameters.get("status")
    if status not in {None, "true", "false"}:
        raise QueryRefusedError(INVALID_PARAMETERS, "status must be true or false")
    return None if status is None else status == "true"


def _integer(text: str, key: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise QueryRefusedError(INVALID_PARAMETERS, f"{key} must be a number")
    return int(text)


def _limit(parameters: Mapping[str, str], paging: Paging) -> int:
    if "limit" not in parameters:
        return min(paging.default_limit, paging.max_limit)
    limit = _integer(parameters["limit"], "limit")
    if limit < 1 or (limit > paging.max_limit and paging.over_limit == "refuse"):
        raise QueryRefusedError(INVALID_PAGE_SIZE, "Invalid page size")
    return min(limit, paging.max_limit)


def _offset(parameters: Mapping[str, str]) -> int:
    offset = _integer(parameters.get("offset", "0"), "offset")
    if offset < 0:
        raise QueryRefusedError(INVALID_PARAMETERS, "offset must not be negative")
    return offset


def _order_column(parameters: Mapping[str, str]) -> str | None:
    column = parameters.get("order_column")
    if column is not None and column not in ORDER_COLUMNS:
        raise QueryRefusedError(INVALID_ORDER_COLUMN, "Invalid order_column")
    return column


def _descending(parameters: Mapping[str, str]) -> bool:
    order_type = parameters.get("order_type", "asc")
    if order_type not in {"asc", "desc"}:
        raise QueryRefusedError(INVALID_PARAMETERS, "order_type must be asc or desc")
    return order_type == "desc"
