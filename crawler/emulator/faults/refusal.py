"""Faults that answer with something else than a page."""

# ruff: noqa: D102 - the contract of every hook is written once, in fault.py

from dataclasses import dataclass, field, replace
from email.utils import formatdate
from math import inf

import orjson

from crawler.emulator.faults.fault import Call, Fault, Recurring, chance, error_status, number, one_of
from crawler.emulator.http.page import ServedPage
from crawler.emulator.http.query import INVALID_ORDER_COLUMN, INVALID_PAGE_SIZE, INVALID_PARAMETERS, ListQuery
from crawler.emulator.http.response import (
    DROPPED,
    HTML,
    SERVICE_JSON,
    ServedResponse,
    error,
    gateway_error,
    service_error,
)


@dataclass(frozen=True, slots=True)
class Burst(Recurring):
    """The `first` n requests and/or each `every`th end in `status`, with its usual body."""

    status: int = error_status(503)

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        del query
        return error(self.status, call.request_id) if self.strikes(call) else None


@dataclass(frozen=True, slots=True)
class ServerErrors(Fault):
    """A share `rate` (0 to 1) of the requests end in `status`. Which ones, `seed` and their number decide."""

    rate: float = number(least=0, most=1)
    seed: int = 0
    status: int = error_status(500)

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        del query
        return error(self.status, call.request_id) if chance(self.seed, call).random() < self.rate else None


@dataclass(frozen=True, slots=True)
class FailWindow(Fault):
    """Whatever asks for `offset` ends in `status`, always; other offsets are answered."""

    offset: int
    status: int = error_status(500)

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        return error(self.status, call.request_id) if query.offset == self.offset else None


@dataclass(frozen=True, slots=True)
class Throttle(Recurring):
    """The `first` n requests and/or each `every`th are throttled by the gateway (429 APIGW.0308).

    With `retry_after_s` there is a Retry-After: so many seconds, or with `as_date` the HTTP date of then; both may
    lie in the past. With `retry_after` it is that text, whatever it says. `status` 503 says the same of an overload.
    """

    retry_after_s: int | None = field(default=None, metadata={"least": -inf})
    as_date: bool = False
    retry_after: str = ""
    status: int = one_of(429, 503)

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        del query
        return error(self.status, call.request_id, self._headers(call)) if self.strikes(call) else None

    def _headers(self, call: Call) -> tuple[tuple[str, str], ...]:
        if self.retry_after:
            return (("Retry-After", self.retry_after),)
        if self.retry_after_s is None:
            return ()
        date = formatdate(call.now_s + self.retry_after_s, usegmt=True)
        return (("Retry-After", date if self.as_date else str(self.retry_after_s)),)


@dataclass(frozen=True, slots=True)
class SwrThrottle403(Recurring):
    """The `first` n requests and/or each `every`th are throttled by SWR itself: 403 and a code of FACTS 4.1."""

    code: int = one_of(4031042, 4031032)

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        del query
        return service_error(403, f"SVCSTG.SWR.{self.code}", "Too many requests") if self.strikes(call) else None


@dataclass(frozen=True, slots=True)
class Unauthorized(Fault):
    """After `after_requests` requests the token has expired (401 APIGW.0307, FACTS 4.2), for `times` requests."""

    after_requests: int
    times: int | None = None

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        del query
        if call.number <= self.after_requests or not call.more(self.times):
            return None
        return gateway_error(401, "APIGW.0307", "The token must be updated", call.request_id)


@dataclass(frozen=True, slots=True)
class RefuseOrder(Fault):
    """Sorting by one of `columns` is refused (400 4001096); with no columns named, any sorting."""

    columns: tuple[str, ...] = ()

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        del call
        if query.order_column is None or (self.columns and query.order_column not in self.columns):
            return None
        return service_error(400, INVALID_ORDER_COLUMN, "Invalid order_column")


@dataclass(frozen=True, slots=True)
class RefuseLimitAbove(Fault):
    """A limit above `limit` is refused (400 4000056)."""

    limit: int

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        del call
        refused = query.limit > self.limit
        return service_error(400, INVALID_PAGE_SIZE, "Invalid page size") if refused else None


@dataclass(frozen=True, slots=True)
class HtmlAnswer(Fault):
    """A firewall in front answers with HTML (FACTS 4.2), as if all were well."""

    times: int | None = None
    status: int = number(200, 599, default=200)

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        del query
        body = b"<!DOCTYPE html><html><body><h1>Request blocked</h1></body></html>"
        return ServedResponse(self.status, body, HTML) if call.more(self.times) else None


@dataclass(frozen=True, slots=True)
class RefuseUnaligned(Fault):
    """An offset that is no multiple of the limit is refused, as the documents of 2024 want it (FACTS 1.1)."""

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        del call
        if query.offset % query.limit == 0:
            return None
        return service_error(400, INVALID_PARAMETERS, "offset must be 0 or a multiple of limit")


@dataclass(frozen=True, slots=True)
class DropConnection(Recurring):
    """The connection is closed and nothing answered."""

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        del query
        return ServedResponse(0, b"", delivery=DROPPED) if self.strikes(call) else None


@dataclass(frozen=True, slots=True)
class SlowAnswer(Recurring):
    """The answer is right and comes `delay_ms` late."""

    delay_ms: int = 1000

    def on_response(self, call: Call, page: ServedPage, answer: ServedResponse) -> ServedResponse:
        del page
        return replace(answer, delay_ms=answer.delay_ms + self.delay_ms) if self.strikes(call) else answer


@dataclass(frozen=True, slots=True)
class Redirect(Recurring):
    """The `first` n requests and/or each `every`th are sent elsewhere, by default to a host that is not."""

    status: int = one_of(302, 301, 303, 307, 308)
    location: str = "http://elsewhere.invalid/v2/manage/shared-repositories"

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        del query
        headers = (("Location", self.location),)
        return ServedResponse(self.status, b"<html>Moved</html>", HTML, headers) if self.strikes(call) else None


@dataclass(frozen=True, slots=True)
class ArrayErrors(Fault):
    """SWR's error bodies are the bare array of old, `[{"errorCode": …}]` (FACTS 4.1 a), and not both forms in one."""

    def on_refusal(self, call: Call, refusal: ServedResponse) -> ServedResponse:
        del call
        both = orjson.loads(refusal.body) if refusal.content_type == SERVICE_JSON and refusal.body else {}
        return replace(refusal, body=orjson.dumps(both["errors"])) if "errors" in both else refusal
