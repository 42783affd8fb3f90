"""The requests of the crawler, and the bytes of their URLs (pure).

Source: docs/reference/swr-api.md#endpoint, #parameters, #pairs (what is always sent together), #query-order.
"""

from functools import lru_cache
from typing import NamedTuple, Protocol
from urllib.parse import quote

from crawler.model.walk_id import Center
from crawler.model.window import Order

PATH = "/v2/manage/shared-repositories"
MAX_LIMIT = 1000  # (swr-api.md#maximum-limit)


class Request(Protocol):
    """A GET request."""

    @property
    def path(self) -> str:
        """The path; no character of it needs percent-encoding."""
        ...

    def parameters(self) -> dict[str, str]:
        """Return the query parameters, decoded."""
        ...

    def query_string(self) -> str:
        """Return the query string as it is sent and signed."""
        ...


class ListRequest(NamedTuple):
    """A request for one window of one walk: items `[offset, offset + limit)` of a center; namespace None means all.

    With `filtered`, all parameters are packed into the one parameter `filter`, as the oldest documents require. The
    two forms are never mixed: the service would ignore the direct parameters (swr-api.md#filter-precedence).
    """

    center: Center
    namespace: str | None
    offset: int
    limit: int
    order: Order | None
    filtered: bool = False

    @property
    def path(self) -> str:
        """The path of the list of shared images."""
        return PATH

    def parameters(self) -> dict[str, str]:
        """Return the query parameters, decoded, sorted by name as the official client sends them."""
        direct = {"center": self.center, "limit": str(self.limit)}
        if self.namespace is not None:
            direct["namespace"] = self.namespace
        direct["offset"] = str(self.offset)
        if self.order is not None:
            direct["order_column"], direct["order_type"] = self.order
        if self.filtered:
            return {"filter": "|".join(f"{name}::{value}" for name, value in direct.items())}
        return direct

    def query_string(self) -> str:
        """Return the query string, percent-encoded by RFC 3986: the bytes to send and to sign.

        This runs for every request, so the direct form is written without a dict; it equals `_encoded(parameters())`.
        """
        if self.filtered:
            return _encoded(self.parameters())
        center, namespace, offset, limit, order, _ = self
        within = "" if namespace is None else f"&namespace={_quoted(namespace)}"
        sorted_by = "" if order is None else f"&order_column={_quoted(order.column)}&order_type={order.direction}"
        return f"center={center}&limit={limit}{within}&offset={offset}{sorted_by}"


class NamespacesRequest(NamedTuple):
    """A request for all organizations of an account, in one response without paging.

    With `visible` the response also has those that the account sees only through a repository.

    Source: docs/reference/swr-api.md#list-namespaces, #visible-namespaces.
    """

    visible: bool = False

    @property
    def path(self) -> str:
        """The path of the list of organizations."""
        return "/v2/manage/namespaces"

    def parameters(self) -> dict[str, str]:
        """Return the query parameters, decoded."""
        return {"filter": "mode::visible"} if self.visible else {}

    def query_string(self) -> str:
        """Return the query string, percent-encoded by RFC 3986."""
        return _encoded(self.parameters())


def _encoded(parameters: dict[str, str]) -> str:
    return "&".join([f"{name}={_quoted(value)}" for name, value in parameters.items()])  # no name needs encoding


@lru_cache(maxsize=1024)
def _quoted(value: str) -> str:
    return quote(value, safe="~")
