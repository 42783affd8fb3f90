"""What a server was found to accept (pure): page size, sort column, dialect, and whether its totals can be trusted.

| learned from                                       | what changes                                  |
|----------------------------------------------------|-----------------------------------------------|
| a refused page size (Walk.on_size_refused)         | `limit` becomes the next smaller size         |
| a refused sort column (Walk.on_order_refused)      | it leaves `orders`                            |
| HTTP 400 before any page (crawl/engine/negotiation.py) | `filtered` flips, `may_change` ends       |
| a complete pass whose first page was shorter twice | `limit` becomes the page size of the server   |
| a total that no page explains (Walk.on_page)       | `totals_trusted`                              |
"""

from dataclasses import dataclass

from crawler.model.window import Order


@dataclass(slots=True)
class ServerProfile:
    """What one target was found to accept. All its walks share it, so each lesson costs one request only.

    - `limit`: the page size to request, in items.
    - `orders`: the sort columns that were not refused so far, first choice first; None is the server's own order.
    - `filtered`: whether a request packs all parameters into `filter` (swr-api.md#filter-parameter).
    - `may_change`: whether the other dialect may still be tried.
    - `totals_trusted`: whether a total was seen that is neither the length nor the limit of its page. Then totals
      count the items of the walk (swr-api.md#wrong-totals).
    """

    limit: int
    orders: tuple[Order | None, ...]
    filtered: bool = False
    may_change: bool = False
    totals_trusted: bool = False
