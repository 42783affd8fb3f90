"""One page of the list, as rows and as a response.

Source: docs/reference/swr-api.md#response-body, #total-range, #content-range.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from crawler.emulator.http.query import ListQuery
from crawler.emulator.http.response import ServedResponse

TotalRange = Literal["integer", "string", "absent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedPage:
    """The page for a query. `selection` has all rows that match the query, `rows` those on this page.

    `total` is the total that the page declares: len(selection) unless a fault changes it. `last_total` is the total
    that its last item declares, `others_total` that of all items but the first, `header_total` the one in
    Content-Range, if that differs.
    """

    query: ListQuery
    selection: Sequence[bytes]
    rows: Sequence[bytes]
    total: int
    last_total: int | None = None
    others_total: int | None = None
    header_total: int | None = None
    total_range: TotalRange = "integer"
    content_range: bool = True

    def reversed(self) -> "ServedPage":
        """Return the page that the selection in reverse order has at this offset."""
        end = max(0, len(self.selection) - self.query.offset)
        return replace(self, rows=self.selection[max(0, end - self.query.limit) : end][::-1])


def page_of(query: ListQuery, selection: Sequence[bytes]) -> ServedPage:
    """Return the page at the offset of the query; beyond the end of `selection` it is empty."""
    rows = selection[query.offset : query.offset + query.limit]
    return ServedPage(query=query, selection=selection, rows=rows, total=len(selection))


def render_page(page: ServedPage) -> ServedResponse:
    """Return status 200 with a bare array and `Content-Range: offset-count/total`; the second number is a count."""
    body = _array(page.rows, page) if page.rows else b"[]"
    header_total = page.total if page.header_total is None else page.header_total
    content_range = f"{page.query.offset}-{len(page.rows)}/{header_total}"
    return ServedResponse(200, body, headers=(("Content-Range", content_range),) if page.content_range else ())


def _array(rows: Sequence[bytes], page: ServedPage) -> bytes:
    """Return the items of rows. No row has its closing brace, so that rendering a page is one join."""
    close = _closing(page.total_range, page.total)
    last = close if page.last_total is None else _closing(page.total_range, page.last_total)
    if page.others_total is None or len(rows) == 1:
        return b"[%b%b]" % ((close + b",").join(rows), last)
    others = _closing(page.total_range, page.others_total)
    return b"[%b%b,%b%b]" % (rows[0], close, (others + b",").join(rows[1:]), others)


def _closing(total_range: TotalRange, total: int) -> bytes:
    closing = {"integer": b',"total_range":%d}', "string": b',"total_range":"%d"}', "absent": b"}"}[total_range]
    return closing if total_range == "absent" else closing % total
