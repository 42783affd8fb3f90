"""What a server was found to accept (pure)."""

from dataclasses import dataclass

from crawler.model.window import Order


@dataclass(slots=True)
class ServerProfile:
    """What a target was found to accept; its walks share it, so that each lesson is paid for once.

    `limit` is the page size to ask for, `orders` the sort columns not refused so far, first choice first;
    None among them is the server's own order. `filtered` packs all parameters into `filter`; `may_change` says
    whether the other way may still be tried. `counts_walks` says that a total was seen which no page's length or
    limit explains: then totals count what the walk holds.
    """

    limit: int
    orders: tuple[Order | None, ...]
    filtered: bool = False
    may_change: bool = False
    counts_walks: bool = False
