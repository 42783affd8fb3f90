"""Faults of pages and totals: the status is 200 and the page is wrong.

Source: docs/reference/swr-api.md#wrong-totals, #total-range-missing, #content-range-presence (totals), #empty-result,
#null-for-empty (empty pages), #maximum-limit, #offset-past-end, #centers (windows).
"""

# ruff: noqa: D102 - the contract of every hook is written once, in fault.py

from dataclasses import dataclass, replace
from itertools import accumulate

from crawler.emulator.faults.fault import Call, Fault, Recurring
from crawler.emulator.fields.option import MAX_NUMBER
from crawler.emulator.fields.parameter import number, one_of
from crawler.emulator.http.page import ServedPage
from crawler.emulator.http.query import ListQuery
from crawler.emulator.http.response import ServedResponse
from crawler.emulator.inventory.center_rows import CENTERS


@dataclass(frozen=True, slots=True)
class ClampLimit(Fault):
    """Send at most `to` rows a page, even if the request has a larger `limit`."""

    to: int = number(minimum=1)

    def on_query(self, call: Call, query: ListQuery) -> ListQuery:
        del call
        return replace(query, limit=self.to) if query.limit > self.to else query


@dataclass(frozen=True, slots=True)
class PageBytes(Fault):
    """End each page before its rows have more than `most` bytes, whatever the limit; one row is always sent."""

    most: int = number(minimum=1)

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        del call
        sizes = accumulate(map(len, page.rows))
        fitting = max(1, sum(size <= self.most for size in sizes))
        return replace(page, rows=page.rows[:fitting]) if fitting < len(page.rows) else page


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
class IgnoreCenter(Fault):
    """Ignore `center`: send the list of the center `sends` every time."""

    sends: str = one_of(*CENTERS)

    def on_query(self, call: Call, query: ListQuery) -> ListQuery:
        del call
        center = next(center for center in CENTERS if center == self.sends)
        return query if query.center == center else replace(query, center=center)


@dataclass(frozen=True, slots=True)
class WrongWalk(Fault):
    """Answer every `every`th request with the page of another center or namespace, for the same `offset` and `limit`.

    The other one is that of the latest request which had another.
    """

    # Two requests were mixed up on their way. Before there were two, nothing can be.

    every: int = number(minimum=1)
    times: int | None = None

    def on_query(self, call: Call, query: ListQuery) -> ListQuery:
        asked = call.memory.setdefault("asked", {})  # in order of the latest request
        own = query.center, query.namespace
        asked.pop(own, None)
        other = next(reversed(asked), None)
        asked[own] = True
        if other is None or call.number % self.every or not call.may_trigger(self.times):
            return query
        return replace(query, center=other[0], namespace=other[1])


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

    by: int = number(minimum=-MAX_NUMBER, default=1)

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        return replace(page, total=max(0, page.total + self.by)) if self.triggers(call) else page


@dataclass(frozen=True, slots=True)
class MixedTotals(Recurring):
    """Declare a total in the last item of a page that is `by` higher than in the other items, or lower if negative."""

    by: int = number(minimum=-MAX_NUMBER, default=1)

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        return replace(page, last_total=max(0, page.total + self.by)) if self.triggers(call) else page


@dataclass(frozen=True, slots=True)
class TotalOnFirstItem(Fault):
    """Declare the total in the first item of a page only, and `others` in the other ones; Content-Range is right."""

    others: int = number(minimum=0, default=0)

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        del call
        return replace(page, others_total=self.others) if len(page.rows) > 1 else page


@dataclass(frozen=True, slots=True)
class SplitTotals(Recurring):
    """Declare two totals: the one in `where` is `by` too high, or too low if `by` is negative; the other one is right.

    The header is Content-Range, the items have `total_range`.
    """

    by: int = number(minimum=-MAX_NUMBER, default=1)
    where: str = one_of("header", "items")

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        if not self.triggers(call):
            return page
        wrong = max(0, page.total + self.by)
        if self.where == "header":
            return replace(page, header_total=wrong)
        return replace(page, total=wrong, header_total=page.total)


@dataclass(frozen=True, slots=True)
class StringTotal(Fault):
    """Send `total_range` as a string of digits."""

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        del call
        return replace(page, total_range="string") if page.total_range == "integer" else page


@dataclass(frozen=True, slots=True)
class CappedTotal(Fault):
    """Declare a total of at most `at`, and serve the rows beyond it, as a list backed by a search engine does.

    With 0 each page of items declares that there are none.
    """

    at: int = number(minimum=0)

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        del call
        return replace(page, total=self.at) if page.total > self.at else page


@dataclass(frozen=True, slots=True)
class Ceiling(Fault):
    """Serve only the first `at` rows of each query and declare no more: beyond them is the end of the list.

    Only a client that reads in two orders can see it.
    """

    at: int = number(minimum=1)

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        del call
        if len(page.selection) <= self.at:
            return page
        left = max(0, self.at - page.query.offset)
        return replace(page, selection=page.selection[: self.at], rows=page.rows[:left], total=min(page.total, self.at))


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
