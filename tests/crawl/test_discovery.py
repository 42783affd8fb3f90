"""The namespaces that a target lists, and what happens to a target that lists none."""

from pathlib import Path

import orjson
import pytest
from aiohttp import web

from crawler.cli.console.exit_status import exit_code_of
from crawler.crawl.observing.events import DiscoveryRetried, RequestEnded, TargetThrottled
from crawler.crawl.observing.log_observer import LogObserver
from crawler.crawl.planning.discovery import discover
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.inventory.ndjson import synthetic
from crawler.errors import ConfigError, CredentialsError, UnavailableError
from crawler.swr.auth.credentials import TokenCredentials
from crawler.swr.http.client import Client
from crawler.swr.request import NamespacesRequest
from crawler.walk.retry_policy import RetryLimits
from tests.support.emulator_fixture import TOKEN, QuickClock, configure, crawl, serve
from tests.support.event_recorder import Recorder
from tests.support.handler_client import client_of as asking
from tests.support.running import run_estimate

INVENTORY = synthetic(namespaces=4, repositories=100, seed=7)


async def discovered(client: Client, *, tries: int = 3) -> tuple[str, ...]:
    client.credentials = TokenCredentials("t")
    limits, clock = RetryLimits(tries), QuickClock()
    return await discover(client, "eu", visible=True, limits=limits, clock=clock, observer=LogObserver())


@pytest.mark.anyio
async def test_namespaces_are_sorted_and_invalid_names_are_left_out() -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        assert request.raw_path == "/v2/manage/namespaces?filter=mode%3A%3Avisible"
        names = ["team-b", "../up", "team-a", "team-b"]
        return web.Response(body=orjson.dumps({"namespaces": [{"name": name} for name in names]}))

    async with asking(handle) as client:
        assert await discovered(client) == ("team-a", "team-b")


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (401, b"{}", CredentialsError, "refused the credentials"),
        (403, b"{}", ConfigError, "name them in `namespaces`"),
        (503, b"{}", UnavailableError, "in 3 tries"),
        (200, b"<html>", UnavailableError, "in 3 tries"),
        (200, b"[]", UnavailableError, "in 3 tries"),
        (200, b'{"namespaces":[{"id":1}]}', UnavailableError, "in 3 tries"),
    ],
)
async def test_a_response_without_namespaces_stops_the_target_with_the_reason(
    status: int, body: bytes, error: type[Exception], words: str
) -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        del request
        return web.Response(status=status, body=body)

    async with asking(handle) as client:
        with pytest.raises(error, match=words):
            await discovered(client)


@pytest.mark.anyio
async def test_a_transient_failure_is_retried() -> None:
    asked = 0

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal asked
        asked += 1
        del request
        return web.Response(status=503 if asked < 3 else 200, body=b'{"namespaces":[]}')

    async with asking(handle) as client:
        assert await discovered(client) == ()
    assert asked == 3


@pytest.mark.anyio
async def test_each_request_for_the_namespaces_each_retry_and_each_pause_is_an_event() -> None:
    statuses = [503, 429, 200]

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        del request
        status = statuses.pop(0)
        headers = {"X-Request-Id": f"id-{status}"} | ({"Retry-After": "7"} if status == 429 else {})
        return web.Response(status=status, body=b'{"namespaces":[]}', headers=headers)

    told, clock, limits = Recorder(), QuickClock(), RetryLimits(4)
    async with asking(handle, clock=clock) as client:
        assert await discover(client, "eu", visible=True, limits=limits, clock=clock, observer=told) == ()
    requests: list[RequestEnded] = told.of("on_request")
    asked, size = NamespacesRequest(visible=True), len(b'{"namespaces":[]}')
    assert [(one.target, one.request, one.status, one.request_id, one.body_bytes) for one in requests] == [
        ("eu", asked, status, request_id, size) for status, request_id in ((503, "id-503"), (429, "id-429"), (200, ""))
    ]
    assert requests[2].elapsed_s == 7, "the wait for the limiter is part of it"
    retries: list[DiscoveryRetried] = told.of("on_discovery_retry")
    assert [(one.target, one.attempt, one.reason[:8]) for one in retries] == [
        ("eu", 1, "HTTP 503"),
        ("eu", 2, "HTTP 429"),
    ]
    assert told.of("on_throttle") == [TargetThrottled("eu", 7.0, 7.0)]
    assert told.names == [*["on_request", "on_discovery_retry"] * 2, "on_throttle", "on_request"]


def test_a_target_that_refuses_discovery_is_stopped_with_the_reason(tmp_path: Path) -> None:
    with serve(INVENTORY, token="another") as served:
        result = crawl(served.endpoint, tmp_path, discover=True)
    assert exit_code_of(result) == 77
    assert "refused the credentials" in str(result.errors["default"])
    assert result.state is not None


def test_an_estimate_with_discovery_counts_each_namespace() -> None:
    with serve(INVENTORY) as served:
        expected_cost = run_estimate(configure(served.endpoint, "unused", discover=True), TOKEN)
    assert len(expected_cost.walks) == 4 + 1
    assert expected_cost.records == 100


def test_an_estimate_raises_the_error_of_a_target() -> None:
    with serve(INVENTORY, token="another") as served, pytest.raises(CredentialsError):
        run_estimate(configure(served.endpoint, "unused", discover=True), TOKEN)


def test_an_estimate_that_takes_too_long_raises_unavailable() -> None:
    with serve(INVENTORY, latency_ms=5_000) as served, pytest.raises(UnavailableError, match="max_duration"):
        run_estimate(configure(served.endpoint, "unused", max_duration_s=0.1), TOKEN)


def test_an_unknown_total_of_a_center_leaves_the_coverage_unknown_and_the_snapshot_incomplete(tmp_path: Path) -> None:
    # No response declares a total.
    faults = (parse_fault("missing-total:in_items=true,in_header=true"),)
    with serve(INVENTORY, faults=faults) as served:
        result = crawl(served.endpoint, tmp_path, discover=True, centers="self")
    assert exit_code_of(result) == 3
    assert result.coverage[0].declared is None
    assert result.coverage[0].uncovered is None


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"namespaces":[{"name":"' + b',\\"' * 700_001, "HTTP 200"),
        (b'{"namespaces":[' + b'{"name":"a"},' * 700_001, "holds more than 700000 elements"),
        (b" " * (16 * 2**20 + 1), "is larger than 16777216 bytes"),
        (b'{"namespaces":[{"name":"' + b'"a"' * 700_001, "HTTP 200"),
        ('{"namespaces":[{"name":"team-a"}]}'.encode("utf-16"), "HTTP 200"),
    ],
    ids=["a text without an end", "elements", "bytes", "texts", "UTF-16"],
)
async def test_a_list_of_namespaces_that_no_service_sends_is_refused_at_once(body: bytes, reason: str) -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        del request
        return web.Response(body=body)

    async with asking(handle, max_body_bytes=2**25) as client:
        with pytest.raises(UnavailableError, match=rf"no list of its namespaces in 1 tries.*{reason}"):
            await discovered(client, tries=1)


@pytest.mark.anyio
async def test_a_byte_order_mark_and_half_a_surrogate_pair_cost_no_other_name() -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        del request
        return web.Response(body=b'\xef\xbb\xbf{"namespaces":[{"name":"a"},{"name":"\\ud800"}]}')

    async with asking(handle) as client:
        assert await discovered(client) == ("a",)


@pytest.mark.anyio
async def test_a_log_line_has_the_first_names_of_any_number_of_invalid_ones(caplog: pytest.LogCaptureFixture) -> None:
    names = [f"Bad Name {number:06}" for number in range(20_000)] + ["A" * 100_000, "team-a"]

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        del request
        return web.Response(body=orjson.dumps({"namespaces": [{"name": name} for name in names]}))

    with caplog.at_level("WARNING", "crawler"):
        async with asking(handle, max_body_bytes=2**25) as client:
            assert await discovered(client) == ("team-a",)
    [record] = [record for record in caplog.records if record.message == "discovery.invalid_name"]
    assert record.__dict__["count"] == 20_001
    assert record.__dict__["names"] == ["A" * 200, *names[:9]]
