"""What one request asks for, and the bytes that ask it (pure).

Source: api/list-shared-images.txt, "URI" and Table 1; FACTS 1.1 (parameters), 3.2 (encoding).
"""

from functools import lru_cache
from typing import NamedTuple, Protocol
from urllib.parse import quote

from crawler.model.walk_id import Center
from crawler.model.window import Order

PATH = "/v2/manage/shared-repositories"
MAX_LIMIT = 1000  # the newest documents' maximum (FACTS 1.1, CN and OTC25)


class Request(Protocol):
    """What can be asked for with a GET."""

    @property
    def path(self) -> str:
        """The path, with nothing in it that would have to be encoded."""
        ...

    def parameters(self) -> dict[str, str]:
        """Give the query parameters, decoded."""
        ...

    def query_string(self) -> str:
        """Give the query string as it is sent and signed."""
        ...


class ListRequest(NamedTuple):
    """One window of one walk: items `[offset, offset + limit)` of a center, all namespaces when None.

    With `filtered` everything is packed into the one parameter `filter`, as the oldest documents have it; where
    both are sent, `filter` wins (FACTS 1.1).
    """

    center: Center
    namespace: str | None
    offset: int
    limit: int
    order: Order | None
    filtered: bool = False

    @property
    def path(self) -> str:
        """The page's own path."""
        return PATH

    def parameters(self) -> dict[str, str]:
        """Give the query parameters, sorted by name as the official client sends them (FACTS 2)."""
        given = {"center": self.center, "limit": str(self.limit)}
        if self.namespace is not None:
            given["namespace"] = self.namespace
        given["offset"] = str(self.offset)
        if self.order is not None:
            given["order_column"], given["order_type"] = self.order
        if self.filtered:
            return {"filter": "|".join(f"{name}::{value}" for name, value in given.items())}
        return given

    def query_string(self) -> str:
        """Give the query string, percent-encoded as RFC 3986 has it: the bytes to send and to sign.

        The parameters in their own order, without a dict of them: it is written for every request.
        """
        if self.filtered:
            return _encoded(self.parameters())
        center, namespace, offset, limit, order, _ = self
        within = "" if namespace is None else f"&namespace={_quoted(namespace)}"
        sorted_by = "" if order is None else f"&order_column={_quoted(order.column)}&order_type={order.direction}"
        return f"center={center}&limit={limit}{within}&offset={offset}{sorted_by}"


class NamespacesRequest(NamedTuple):
    """All organizations of an account; with `visible` also those that are seen only through a repository.

    Source: FACTS 5, "Namespaces": no paging, all are returned.
    """

    visible: bool = False

    @property
    def path(self) -> str:
        """The organizations' path."""
        return "/v2/manage/namespaces"

    def parameters(self) -> dict[str, str]:
        """Give the query parameters."""
        return {"filter": "mode::visible"} if self.visible else {}

    def query_string(self) -> str:
        """Give the query string, percent-encoded as RFC 3986 has it."""
        return _encoded(self.parameters())


def _encoded(parameters: dict[str, str]) -> str:
    return "&".join([f"{name}={_quoted(value)}" for name, value in parameters.items()])  # names are ours


@lru_cache(maxsize=1024)
def _quoted(value: str) -> str:
    return quote(value, safe="~")
