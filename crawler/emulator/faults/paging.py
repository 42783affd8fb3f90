"""Faults of pages, totals and bodies: the answer is 200 and still wrong."""

# ruff: noqa: D102 - the contract of every hook is written once, in fault.py

from dataclasses import dataclass, replace
from math import inf

from crawler.emulator.faults.fault import Call, Fault, Recurring, number
from crawler.emulator.http.page import ServedPage
from crawler.emulator.http.query import ListQuery
from crawler.emulator.http.response import ServedResponse


@dataclass(frozen=True, slots=True)
class ClampLimit(Fault):
    """Pages are never longer than `to`, whatever was asked for, and nothing says so."""

    to: int = number(least=1)

    def on_query(self, call: Call, query: ListQuery) -> ListQuery:
        del call
        return replace(query, limit=self.to) if query.limit > self.to else query


@dataclass(frozen=True, slots=True)
class IgnoreOffset(Fault):
    """Every page is the first one."""

    def on_query(self, call: Call, query: ListQuery) -> ListQuery:
        del call
        return replace(query, offset=0) if query.offset else query


@dataclass(frozen=True, slots=True)
class IgnoreNamespace(Fault):
    """A walk of one namespace is answered with the rows of all of them (a filter that is fuzzy, to the extreme)."""

    def on_query(self, call: Call, query: ListQuery) -> ListQuery:
        del call
        return replace(query, namespace=None)


@dataclass(frozen=True, slots=True)
class EmptyPage(Fault):
    """The page at `offset`, or any, is empty though its total says otherwise."""

    offset: int | None
    times: int | None = None

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        strikes = self.offset in {None, page.query.offset} and page.rows and call.more(self.times)
        return replace(page, rows=()) if strikes else page


@dataclass(frozen=True, slots=True)
class ShortPage(Fault):
    """The page at `offset`, or any, lacks its last `missing` rows."""

    offset: int | None
    missing: int = 1
    times: int | None = None

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        strikes = self.offset in {None, page.query.offset} and page.rows and call.more(self.times)
        return replace(page, rows=page.rows[: max(0, len(page.rows) - self.missing)]) if strikes else page


@dataclass(frozen=True, slots=True)
class RepeatLastPage(Fault):
    """Past the end the last page is served again, for ever."""

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        del call
        count, limit = len(page.selection), page.query.limit
        if not count or page.query.offset < count:
            return page
        return replace(page, rows=page.selection[(count - 1) // limit * limit :])


@dataclass(frozen=True, slots=True)
class MissingTotal(Fault):
    """No `total_range` in the items, as in the page's 2025 example, and/or no Content-Range (FACTS 1.2)."""

    in_items: bool = True
    in_header: bool = True

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        del call
        total_range = "absent" if self.in_items else page.total_range
        return replace(page, total_range=total_range, content_range=page.content_range and not self.in_header)


@dataclass(frozen=True, slots=True)
class TotalIsPageLength(Fault):
    """The total declared is how many rows are on the page."""

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        del call
        return replace(page, total=len(page.rows)) if page.total != len(page.rows) else page


@dataclass(frozen=True, slots=True)
class TotalOffBy(Recurring):
    """The `first` n pages and/or each `every`th declare `by` rows more than there are, or fewer; never below 0."""

    by: int = number(least=-inf, default=1)

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        return replace(page, total=max(0, page.total + self.by)) if self.strikes(call) else page


@dataclass(frozen=True, slots=True)
class MixedTotals(Recurring):
    """On the `first` n pages and/or each `every`th the last item declares `by` rows more than the others, or fewer."""

    by: int = number(least=-inf, default=1)

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        return replace(page, last_total=max(0, page.total + self.by)) if self.strikes(call) else page


@dataclass(frozen=True, slots=True)
class StringTotal(Fault):
    """`total_range` is a string of digits."""

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        del call
        return replace(page, total_range="string") if page.total_range == "integer" else page


@dataclass(frozen=True, slots=True)
class NullWhenEmpty(Fault):
    """An empty page is `null`, as sibling APIs do (FACTS 6)."""

    def on_response(self, call: Call, page: ServedPage, answer: ServedResponse) -> ServedResponse:
        del call
        return answer if page.rows else replace(answer, body=b"null")


@dataclass(frozen=True, slots=True)
class NoContentWhenEmpty(Fault):
    """An empty page is 204 with no body and no Content-Range."""

    def on_response(self, call: Call, page: ServedPage, answer: ServedResponse) -> ServedResponse:
        del call
        return answer if page.rows else ServedResponse(204, b"")


@dataclass(frozen=True, slots=True)
class TruncatedJson(Fault):
    """The body stops half way, and Content-Length agrees."""

    times: int | None = None

    def on_response(self, call: Call, page: ServedPage, answer: ServedResponse) -> ServedResponse:
        del page
        return replace(answer, body=answer.body[: len(answer.body) // 2]) if call.more(self.times) else answer
