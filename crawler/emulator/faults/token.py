"""Faults of token requests, and of requests for the temporary keys of a workload.

They count such requests, not requests for the list.

Source: docs/reference/swr-api.md#iam-errors (codes).
"""

# ruff: noqa: D102 - the contract of every hook is written once, in fault.py

from dataclasses import dataclass, field, replace
from datetime import datetime
from email.utils import formatdate
from typing import Any, Final

import orjson

from crawler.emulator.auth.grants import iam_time
from crawler.emulator.faults.body import SPELLINGS
from crawler.emulator.faults.fault import Call, Fault, Recurring
from crawler.emulator.fields.option import MAX_NUMBER
from crawler.emulator.fields.parameter import error_status, number, one_of
from crawler.emulator.http.response import ServedResponse, error, gateway_error, iam_error

_TIMES: Final = frozenset({"expires_at", "expiration", "issued_at"})


@dataclass(frozen=True, slots=True)
class ThrottleTokens(Recurring):
    """Throttle token requests (429 IAM.0012)."""

    def on_token(self, call: Call, response: ServedResponse) -> ServedResponse:
        message = "The throttling threshold has been reached. Threshold: 10 times per 60 seconds"
        return iam_error(429, "IAM.0012", message) if self.triggers(call) else response


@dataclass(frozen=True, slots=True)
class FailTokens(Recurring):
    """Answer token requests with the error `status`, as a gateway does whose backend is down."""

    status: int = field(default=503, metadata={"choices": (502, 503, 504)})

    def on_token(self, call: Call, response: ServedResponse) -> ServedResponse:
        return error(self.status, call.request_id) if self.triggers(call) else response


@dataclass(frozen=True, slots=True)
class LockUser(Fault):
    """Refuse even the right password because the user is locked (401 IAM.0061)."""

    times: int | None = None

    def on_token(self, call: Call, response: ServedResponse) -> ServedResponse:
        return iam_error(401, "IAM.0061", "The user is locked") if call.may_trigger(self.times) else response


@dataclass(frozen=True, slots=True)
class SlowTokens(Recurring):
    """Delay the response to a token request by `delay_ms` milliseconds."""

    delay_ms: int = 1000

    def on_token(self, call: Call, response: ServedResponse) -> ServedResponse:
        return replace(response, delay_ms=response.delay_ms + self.delay_ms) if self.triggers(call) else response


@dataclass(frozen=True, slots=True)
class SkewTokens(Fault):
    """Write all times of token responses, the header Date too, by a clock that is `by_s` seconds ahead."""

    by_s: int = number(minimum=-MAX_NUMBER, default=-86_400)

    def on_token(self, call: Call, response: ServedResponse) -> ServedResponse:
        date = ("Date", formatdate(call.now_s + self.by_s, usegmt=True))
        body = orjson.loads(response.body)
        token = _token_in(body)
        if token is None:
            return replace(response, headers=(*response.headers, date))
        for name in _TIMES & token.keys():
            token[name] = iam_time(datetime.fromisoformat(token[name]).timestamp() + self.by_s)
        return replace(response, body=orjson.dumps(body), headers=(*response.headers, date))


@dataclass(frozen=True, slots=True)
class OddExpiry(Fault):
    """Say that a token expires at the time `expires_at`, by default on the last day of the calendar."""

    expires_at: str = "9999-12-31T23:59:59.999999Z"

    def on_token(self, call: Call, response: ServedResponse) -> ServedResponse:
        del call
        body = orjson.loads(response.body)
        token = _token_in(body)
        if token is None:
            return response
        token["expiration" if "expiration" in token else "expires_at"] = self.expires_at
        return replace(response, body=orjson.dumps(body))


def _token_in(body: Any) -> dict[str, Any] | None:  # noqa: ANN401 - decoded JSON
    """Return what a response says of a token or a key that was issued, None when none was."""
    grants = (body.get(name) for name in ("token", "credential", "credentials")) if isinstance(body, dict) else ()
    return next((grant for grant in grants if grant), None)


@dataclass(frozen=True, slots=True)
class EchoLogin(Fault):
    """Refuse every token request with the error `status`, and repeat its body, password included, in the message."""

    status: int = error_status(400)
    spelled: str = one_of(*SPELLINGS)

    def on_token(self, call: Call, response: ServedResponse) -> ServedResponse:
        del response
        body = SPELLINGS[self.spelled](call.body.decode(errors="replace"))
        return gateway_error(self.status, "IAM.0011", f"Illegal request body: {body}", call.request_id)
