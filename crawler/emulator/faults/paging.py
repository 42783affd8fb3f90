"""Faults of pages and totals: the status is 200 and the page is wrong.

Source: docs/reference/swr-api.md#wrong-totals, #total-range-missing, #content-range-presence (totals), #empty-result,
#null-for-empty (empty pages), #maximum-limit, #offset-past-end (windows).
"""

# ruff: noqa: D102 - the contract of every hook is written once, in fault.py

from dataclasses import dataclass, replace
from math import inf

from crawler.emulator.faults.fault import Call, Fault, Recurring
from crawler.emulator.faults.parameter import number
from crawler.emulator.http.page import ServedPage
from crawler.emulator.http.query import ListQuery
from crawler.emulator.http.response import ServedResponse


@dataclass(frozen=True, slots=True)
class ClampLimit(Fault):
    """Send at most `to` rows a page, even if the request has a larger `limit`."""

    to: int = number(minimum=1)

    def on_query(self, call: Call, query: ListQuery) -> ListQuery:
        del call
        return replace(query, limit=self.to) if query.limit > self.to else query


@dataclass(frozen=True, slots=True)
class IgnoreOffset(Fault):
    """Ignore `offset`: send the first page every time."""

    def on_query(self, call: Call, query: ListQuery) -> ListQuery:
        del call
        return replace(query, offset=0) if query.offset else query


@dataclass(frozen=True, slots=True)
class IgnoreNamespace(Fault):
    """Ignore `namespace`: send the rows of all namespaces."""

    def on_query(self, call: Call, query: ListQuery) -> ListQuery:
        del call
        return replace(query, namespace=None)


@dataclass(frozen=True, slots=True)
class EmptyPage(Fault):
    """Send an empty page with an unchanged total at `offset`, or at every offset if it is none."""

    offset: int | None
    times: int | None = None

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        triggers = self.offset in {None, page.query.offset} and page.rows and call.may_trigger(self.times)
        return replace(page, rows=()) if triggers else page


@dataclass(frozen=True, slots=True)
class ShortPage(Fault):
    """Leave the last `missing` rows out of the page at `offset`, or out of every page if it is none."""

    offset: int | None
    missing: int = 1
    times: int | None = None

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        triggers = self.offset in {None, page.query.offset} and page.rows and call.may_trigger(self.times)
        return replace(page, rows=page.rows[: max(0, len(page.rows) - self.missing)]) if triggers else page


@dataclass(frozen=True, slots=True)
class RepeatLastPage(Fault):
    """Send the last page again at every offset beyond the end."""

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        del call
        count, limit = len(page.selection), page.query.limit
        if not count or page.query.offset < count:
            return page
        return replace(page, rows=page.selection[(count - 1) // limit * limit :])


@dataclass(frozen=True, slots=True)
class MissingTotal(Fault):
    """Leave out `total_range` if `in_items` is true, and the header Content-Range if `in_header` is true."""

    in_items: bool = True
    in_header: bool = True

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        del call
        total_range = "absent" if self.in_items else page.total_range
        return replace(page, total_range=total_range, content_range=page.content_range and not self.in_header)


@dataclass(frozen=True, slots=True)
class TotalIsPageLength(Fault):
    """Declare the number of rows on the page as the total."""

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        del call
        return replace(page, total=len(page.rows)) if page.total != len(page.rows) else page


@dataclass(frozen=True, slots=True)
class TotalOffBy(Recurring):
    """Declare a total that is `by` too high, or too low if `by` is negative; never below 0."""

    by: int = number(minimum=-inf, default=1)

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        return replace(page, total=max(0, page.total + self.by)) if self.triggers(call) else page


@dataclass(frozen=True, slots=True)
class MixedTotals(Recurring):
    """Declare a total in the last item of a page that is `by` higher than in the other items, or lower if negative."""

    by: int = number(minimum=-inf, default=1)

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        return replace(page, last_total=max(0, page.total + self.by)) if self.triggers(call) else page


@dataclass(frozen=True, slots=True)
class HeaderTotalOffBy(Recurring):
    """Declare a total in Content-Range that is `by` higher than in the items, or lower if negative; never below 0."""

    by: int = number(minimum=-inf, default=1)

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        return replace(page, header_total=max(0, page.total + self.by)) if self.triggers(call) else page


@dataclass(frozen=True, slots=True)
class StringTotal(Fault):
    """Send `total_range` as a string of digits."""

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        del call
        return replace(page, total_range="string") if page.total_range == "integer" else page


@dataclass(frozen=True, slots=True)
class NullWhenEmpty(Fault):
    """Send an empty page as the body `null`."""

    def on_response(self, call: Call, page: ServedPage, response: ServedResponse) -> ServedResponse:
        del call
        return response if page.rows else replace(response, body=b"null")


@dataclass(frozen=True, slots=True)
class NoContentWhenEmpty(Fault):
    """Send an empty page as status 204, without a body and without Content-Range."""

    def on_response(self, call: Call, page: ServedPage, response: ServedResponse) -> ServedResponse:
        del call
        return response if page.rows else ServedResponse(204, b"")


@dataclass(frozen=True, slots=True)
class TruncatedJson(Fault):
    """Send only the first half of the body, with a Content-Length that matches it."""

    times: int | None = None

    def on_response(self, call: Call, page: ServedPage, response: ServedResponse) -> ServedResponse:
        del page
        return (
            replace(response, body=response.body[: len(response.body) // 2])
            if call.may_trigger(self.times)
            else response
        )
