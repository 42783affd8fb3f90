"""Faults of a server that knows only one way to send parameters: direct ones, or `filter`; or only one center.

Source: docs/reference/swr-api.md#direct-parameters, #filter-parameter.
"""

# ruff: noqa: D102 - the contract of every hook is written once, in fault.py

from dataclasses import dataclass

from crawler.emulator.faults.fault import Call, Fault
from crawler.emulator.fields.parameter import error_status, one_of
from crawler.emulator.http.query import INVALID_FILTER, INVALID_PARAMETERS, ListQuery, parse_parameters
from crawler.emulator.http.response import ServedResponse, error, service_error

_FILTER = "filter"


@dataclass(frozen=True, slots=True)
class RefuseDirectParameters(Fault):
    """Refuse every request that has a parameter other than `filter`, with `status` and `code`."""

    status: int = one_of(400, 422)
    code: str = INVALID_PARAMETERS

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        del query
        refused = parse_parameters(call.raw_query).keys() - {_FILTER}
        return service_error(self.status, self.code, "Invalid parameters") if refused else None


@dataclass(frozen=True, slots=True)
class RefuseFilter(Fault):
    """Refuse every request that has the parameter `filter` (400 SVCSTG.SWR.4001035)."""

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        del query
        refused = _FILTER in parse_parameters(call.raw_query)
        return service_error(400, INVALID_FILTER, "Invalid filtering criteria") if refused else None


@dataclass(frozen=True, slots=True)
class IgnoreFilter(Fault):
    """Ignore the parameter `filter`, and answer as if nothing had been asked for: the first 100 rows of self."""

    def on_query(self, call: Call, query: ListQuery) -> ListQuery:
        return ListQuery() if _FILTER in parse_parameters(call.raw_query) else query


@dataclass(frozen=True, slots=True)
class RefuseCenter(Fault):
    """Answer every request for `center` with the error `status`: the account may list the other center only."""

    center: str = one_of("thirdparty", "self")
    status: int = error_status(403)

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        return error(self.status, call.request_id) if query.center == self.center else None
