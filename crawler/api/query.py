"""What one request asks for, and the bytes that ask it (pure).

Source: api/list-shared-images.txt, "URI" and Table 1; FACTS 1.1 (parameters), 3.2 (encoding).
"""

from typing import Literal, NamedTuple
from urllib.parse import quote, urlencode

PATH = "/v2/manage/shared-repositories"
MAX_LIMIT = 1000  # the newest documents' maximum (FACTS 1.1, CN and OTC25)

Center = Literal["self", "thirdparty"]


class Order(NamedTuple):
    """A sort column and its direction; the page wants both or none (Table 1, order_column)."""

    column: str
    direction: Literal["asc", "desc"]


class Query(NamedTuple):
    """One window of one walk: items `[offset, offset + limit)` of a center, all namespaces when None."""

    center: Center
    namespace: str | None
    offset: int
    limit: int
    order: Order | None

    def parameters(self) -> dict[str, str]:
        """Give the direct parameters, sorted by name as the official client sends them (FACTS 2)."""
        given = {"center": self.center, "limit": str(self.limit), "offset": str(self.offset)}
        if self.namespace is not None:
            given["namespace"] = self.namespace
        if self.order is not None:
            given["order_column"], given["order_type"] = self.order
        return dict(sorted(given.items()))

    def encoded(self) -> str:
        """Give the query string, percent-encoded as RFC 3986 has it: the bytes to send and to sign."""
        return urlencode(self.parameters(), quote_via=quote, safe="~")
