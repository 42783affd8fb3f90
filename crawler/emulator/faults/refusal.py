"""Faults that answer with an error, or with something else that is not a page.

Source: docs/reference/swr-api.md#errors (bodies and codes), #throttling-429, #throttling-as-403, #retry-after,
#expired-token-codes, #order-column-refused, #limit-out-of-range, #offset-alignment, #offset-past-end, #html-errors,
#error-array.
"""

# ruff: noqa: D102 - the contract of every hook is written once, in fault.py

from dataclasses import dataclass, field, replace
from email.utils import formatdate

import orjson

from crawler.emulator.faults.fault import Call, Fault, Recurring, request_random
from crawler.emulator.fields.option import MAX_NUMBER
from crawler.emulator.fields.parameter import error_status, number, one_of
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
    """Answer with the error `status` and its usual body."""

    status: int = error_status(503)

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        del query
        return error(self.status, call.request_id) if self.triggers(call) else None


@dataclass(frozen=True, slots=True)
class Outage(Fault):
    """After `after_requests` requests, answer the next `requests` with the error `status`, or drop their connections.

    The service comes back by itself.
    """

    # Counted in requests, not in seconds: a crawl whose waits take no time sees the same outage.

    after_requests: int = number(minimum=0, default=10)
    requests: int = number(minimum=1, default=20)
    status: int = error_status(503)
    drops: bool = False

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        del query
        if not self.after_requests < call.number <= self.after_requests + self.requests:
            return None
        return ServedResponse(0, b"", delivery=DROPPED) if self.drops else error(self.status, call.request_id)


@dataclass(frozen=True, slots=True)
class OddAnswer(Fault):
    """Answer the first `times` requests of each list for `offset`, or for each offset if none, with no page.

    `how`: an HTML error with this status, a `redirect` to a maintenance page, or a content `coding` that was not
    requested.
    """

    how: str = one_of("404", "400", "403", "422", "520", "redirect", "coding")
    offset: int | None = 0
    times: int | None = 1

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        if self.offset not in {None, query.offset}:
            return None
        window = f"{query.center}/{query.namespace or ''}/{query.offset}"
        seen = call.memory.get(window, 0)
        if self.times is not None and seen >= self.times:
            return None
        call.memory[window] = seen + 1
        return self._answer()

    def _answer(self) -> ServedResponse:
        if self.how == "redirect":
            return ServedResponse(302, b"", HTML, (("Location", "http://maintenance.invalid/"),))
        if self.how == "coding":
            return ServedResponse(200, b"\x0b\x02\x80[]\x03", headers=(("Content-Encoding", "br"),))
        return ServedResponse(int(self.how), b"<html><body>Try again later</body></html>", HTML)


@dataclass(frozen=True, slots=True)
class ServerErrors(Fault):
    """Answer a share `rate` of the requests with the error `status`.

    Only `seed` and the number of the request decide which requests.
    """

    rate: float = number(minimum=0, maximum=1)
    seed: int = 0
    status: int = error_status(500)

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        del query
        return error(self.status, call.request_id) if request_random(self.seed, call).random() < self.rate else None


@dataclass(frozen=True, slots=True)
class FailWindow(Fault):
    """Answer requests for `offset` with the error `status`, and serve all other offsets."""

    offset: int
    status: int = error_status(500)
    times: int | None = None

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        fails = query.offset == self.offset and call.may_trigger(self.times)
        return error(self.status, call.request_id) if fails else None


@dataclass(frozen=True, slots=True)
class Throttle(Recurring):
    """Throttle at the gateway: 429 APIGW.0308, 503 for an overload, or 403.

    The `header` is `retry_after_s` in seconds, or as a date if `as_date` is true, or the text `retry_after`. With
    `remaining` X-RateLimit-Remaining says so.
    """

    # Seconds and date may lie in the past. The text takes precedence and may be nonsense.

    retry_after_s: int | None = field(default=None, metadata={"minimum": -MAX_NUMBER})
    as_date: bool = False
    retry_after: str = ""
    status: int = one_of(429, 503, 403)
    header: str = "Retry-After"
    remaining: int | None = None

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        del query
        if not self.triggers(call):
            return None
        remaining = () if self.remaining is None else (("X-RateLimit-Remaining", str(self.remaining)),)
        return replace(error(self.status, call.request_id), headers=(*self._wait(call), *remaining))

    def _wait(self, call: Call) -> tuple[tuple[str, str], ...]:
        if self.retry_after:
            return ((self.header, self.retry_after),)
        if self.retry_after_s is None:
            return ()
        date = formatdate(call.now_s + self.retry_after_s, usegmt=True)
        return ((self.header, date if self.as_date else str(self.retry_after_s)),)


@dataclass(frozen=True, slots=True)
class SwrThrottle403(Recurring):
    """Throttle as SWR itself does: 403 SVCSTG.SWR.`code`."""

    code: int = one_of(4031042, 4031032)

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        del query
        return service_error(403, f"SVCSTG.SWR.{self.code}", "Too many requests") if self.triggers(call) else None


@dataclass(frozen=True, slots=True)
class Unauthorized(Fault):
    """Refuse the token as expired (401 APIGW.0307) after `after_requests` requests."""

    after_requests: int
    times: int | None = None

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        del query
        if call.number <= self.after_requests or not call.may_trigger(self.times):
            return None
        return gateway_error(401, "APIGW.0307", "The token must be updated", call.request_id)


@dataclass(frozen=True, slots=True)
class RefuseOrder(Fault):
    """Refuse to sort by one of `columns`, or by any column if empty, with `status` and `code`."""

    columns: tuple[str, ...] = ()
    status: int = one_of(400, 422)
    code: str = INVALID_ORDER_COLUMN

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        del call
        if query.order_column is None or (self.columns and query.order_column not in self.columns):
            return None
        return service_error(self.status, self.code, "Invalid order_column")


@dataclass(frozen=True, slots=True)
class RefuseLimitAbove(Fault):
    """Refuse every request with a limit above `limit`, with `status` and `code`."""

    limit: int
    status: int = one_of(400, 422)
    code: str = INVALID_PAGE_SIZE

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        del call
        refused = query.limit > self.limit
        return service_error(self.status, self.code, "Invalid page size") if refused else None


@dataclass(frozen=True, slots=True)
class HtmlResponse(Fault):
    """Answer with an HTML page, as a firewall in front of the service does."""

    times: int | None = None
    status: int = number(200, 599, default=200)

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        del query
        body = b"<!DOCTYPE html><html><body><h1>Request blocked</h1></body></html>"
        return ServedResponse(self.status, body, HTML) if call.may_trigger(self.times) else None


@dataclass(frozen=True, slots=True)
class RefuseUnaligned(Fault):
    """Refuse every `offset` that is not a multiple of `limit` (400 SVCSTG.SWR.4001025)."""

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        del call
        if query.offset % query.limit == 0:
            return None
        return service_error(400, INVALID_PARAMETERS, "offset must be 0 or a multiple of limit")


@dataclass(frozen=True, slots=True)
class RefusePastEnd(Fault):
    """Refuse every `offset` at or beyond the end of the list with `status`, but not offset 0."""

    status: int = one_of(400, 404, 416)

    def on_response(self, call: Call, page: ServedPage, response: ServedResponse) -> ServedResponse:
        del call
        if not page.query.offset or page.query.offset < len(page.selection):
            return response
        return service_error(self.status, INVALID_PARAMETERS, "Invalid offset")


@dataclass(frozen=True, slots=True)
class RefuseEmpty(Fault):
    """Refuse every request for a list that holds nothing with `status` and `message`, whatever its offset."""

    status: int = one_of(404, 400, 416)
    message: str = "Nothing found"

    def on_response(self, call: Call, page: ServedPage, response: ServedResponse) -> ServedResponse:
        del call
        return response if page.selection else service_error(self.status, INVALID_PARAMETERS, self.message)


@dataclass(frozen=True, slots=True)
class DropConnection(Recurring):
    """Close the connection without a response."""

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        del query
        return ServedResponse(0, b"", delivery=DROPPED) if self.triggers(call) else None


@dataclass(frozen=True, slots=True)
class SlowResponse(Recurring):
    """Delay the response by `delay_ms` milliseconds."""

    delay_ms: int = 1000

    def on_response(self, call: Call, page: ServedPage, response: ServedResponse) -> ServedResponse:
        del page
        return replace(response, delay_ms=response.delay_ms + self.delay_ms) if self.triggers(call) else response


@dataclass(frozen=True, slots=True)
class Redirect(Recurring):
    """Redirect to `location`, by default on a host that does not exist."""

    status: int = one_of(302, 301, 303, 307, 308)
    location: str = "http://elsewhere.invalid/v2/manage/shared-repositories"

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        del query
        headers = (("Location", self.location),)
        return ServedResponse(self.status, b"<html>Moved</html>", HTML, headers) if self.triggers(call) else None


@dataclass(frozen=True, slots=True)
class ArrayErrors(Fault):
    """Send every error body of SWR in the old format only, the array `[{"errorCode": …}]`."""

    def on_refusal(self, call: Call, refusal: ServedResponse) -> ServedResponse:
        del call
        is_error = refusal.status >= 400 and refusal.content_type == SERVICE_JSON  # noqa: PLR2004 - HTTP's
        both = orjson.loads(refusal.body) if is_error else {}
        return replace(refusal, body=orjson.dumps(both["errors"])) if "errors" in both else refusal
