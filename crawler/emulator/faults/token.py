"""Faults of the requests for a token: "the first n" counts these, not those for the list. Codes are of FACTS 3.1."""

# ruff: noqa: D102 - the contract of every hook is written once, in fault.py

from dataclasses import dataclass, field, replace

from crawler.emulator.faults.fault import Call, Fault, Recurring
from crawler.emulator.http.response import ServedResponse, error, iam_error


@dataclass(frozen=True, slots=True)
class ThrottleTokens(Recurring):
    """The `first` n requests and/or each `every`th are throttled (429 IAM.0012)."""

    def on_token(self, call: Call, answer: ServedResponse) -> ServedResponse:
        message = "The throttling threshold has been reached. Threshold: 10 times per 60 seconds"
        return iam_error(429, "IAM.0012", message) if self.strikes(call) else answer


@dataclass(frozen=True, slots=True)
class FailTokens(Recurring):
    """The `first` n requests and/or each `every`th end in `status`: the gateway is there, what is behind it is not."""

    status: int = field(default=503, metadata={"among": (502, 503, 504)})

    def on_token(self, call: Call, answer: ServedResponse) -> ServedResponse:
        return error(self.status, call.request_id) if self.strikes(call) else answer


@dataclass(frozen=True, slots=True)
class LockUser(Fault):
    """The user is locked, so that even the right password gives no token (401 IAM.0061)."""

    times: int | None = None

    def on_token(self, call: Call, answer: ServedResponse) -> ServedResponse:
        return iam_error(401, "IAM.0061", "The user is locked") if call.more(self.times) else answer


@dataclass(frozen=True, slots=True)
class SlowTokens(Recurring):
    """The token is right and comes `delay_ms` late, while others wait for the same one."""

    delay_ms: int = 1000

    def on_token(self, call: Call, answer: ServedResponse) -> ServedResponse:
        return replace(answer, delay_ms=answer.delay_ms + self.delay_ms) if self.strikes(call) else answer
