"""One page, before and after it is bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from crawler.emulator.http.query import ListQuery
from crawler.emulator.http.response import ServedResponse

TotalRange = Literal["integer", "string", "absent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedPage:
    """The window of a query. `selection` is every row it pages through, `rows` those on this page.

    `total` is what the page declares; honest servers declare len(selection). `last_total` is what its last item
    declares, if that is something else.
    """

    query: ListQuery
    selection: Sequence[bytes]
    rows: Sequence[bytes]
    total: int
    last_total: int | None = None
    total_range: TotalRange = "integer"
    content_range: bool = True


def page(query: ListQuery, selection: Sequence[bytes]) -> ServedPage:
    """Cut the window out of `selection`; past its end the page is empty."""
    rows = selection[query.offset : query.offset + query.limit]
    return ServedPage(query=query, selection=selection, rows=rows, total=len(selection))


def render_page(page: ServedPage) -> ServedResponse:
    """Give 200, a bare array and `Content-Range: offset-count/total` (FACTS 1.2: a count, not an end)."""
    close = _closing(page.total_range, page.total)
    last = close if page.last_total is None else _closing(page.total_range, page.last_total)
    # Every row lacks its closing brace, so that the whole page is one join.
    body = b"[%b%b]" % ((close + b",").join(page.rows), last) if page.rows else b"[]"
    content_range = f"{page.query.offset}-{len(page.rows)}/{page.total}"
    return ServedResponse(200, body, headers=(("Content-Range", content_range),) if page.content_range else ())


def _closing(total_range: TotalRange, total: int) -> bytes:
    closing = {"integer": b',"total_range":%d}', "string": b',"total_range":"%d"}', "absent": b"}"}[total_range]
    return closing if total_range == "absent" else closing % total
