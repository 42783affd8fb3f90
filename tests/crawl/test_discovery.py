"""What a target says of its namespaces, and what becomes of a target that does not say."""

from pathlib import Path

import orjson
import pytest
from aiohttp import web

from crawler.crawl.estimate import estimate
from crawler.crawl.planning.discovery import discover
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.inventory.ndjson import synthetic
from crawler.errors import ConfigError, CredentialsError, UnavailableError
from crawler.swr.auth.credentials import TokenCredentials
from crawler.swr.http.client import Client
from tests.support.emulator_fixture import TOKEN, QuickClock, configure, crawl, serve
from tests.swr.test_client import asking

INVENTORY = synthetic(namespaces=4, repositories=100, seed=7)


async def found(client: Client, *, tries: int = 3) -> tuple[str, ...]:
    client.credentials = TokenCredentials("t")
    return await discover(client, "eu", visible=True, max_tries=tries, clock=QuickClock())


@pytest.mark.anyio
async def test_namespaces_are_sorted_and_a_name_that_could_not_be_asked_for_is_left_out() -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        assert request.raw_path == "/v2/manage/namespaces?filter=mode%3A%3Avisible"
        names = ["team-b", "../up", "team-a", "team-b"]
        return web.Response(body=orjson.dumps({"namespaces": [{"name": name} for name in names]}))

    async with asking(handle) as client:
        assert await found(client) == ("team-a", "team-b")


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
async def test_an_answer_that_names_none_ends_the_target_with_the_reason(
    status: int, body: bytes, error: type[Exception], words: str
) -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        del request
        return web.Response(status=status, body=body)

    async with asking(handle) as client:
        with pytest.raises(error, match=words):
            await found(client)


@pytest.mark.anyio
async def test_a_passing_failure_is_asked_again() -> None:
    asked = 0

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal asked
        asked += 1
        del request
        return web.Response(status=503 if asked < 3 else 200, body=b'{"namespaces":[]}')

    async with asking(handle) as client:
        assert await found(client) == ()
    assert asked == 3


def test_a_target_that_refuses_to_be_discovered_is_stopped_and_says_so(tmp_path: Path) -> None:
    with serve(INVENTORY, token="another") as served:
        result = crawl(served.endpoint, tmp_path, discover=True)
    assert result.exit_code == 77
    assert "refused the credentials" in str(result.errors["default"])
    assert result.state is not None


def test_a_plan_of_discovered_namespaces_counts_each_of_them() -> None:
    with serve(INVENTORY) as served:
        forecast = estimate(configure(served.endpoint, "unused", discover=True), TOKEN)
    assert len(forecast.walks) == 4 + 1
    assert forecast.records == 100


def test_a_plan_of_a_target_that_refuses_is_refused() -> None:
    with serve(INVENTORY, token="another") as served, pytest.raises(CredentialsError):
        estimate(configure(served.endpoint, "unused", discover=True), TOKEN)


def test_a_plan_that_takes_too_long_says_so() -> None:
    with serve(INVENTORY, latency_ms=5_000) as served, pytest.raises(UnavailableError, match="max_duration"):
        estimate(configure(served.endpoint, "unused", max_duration_s=0.1), TOKEN)


def test_a_census_that_fails_leaves_the_coverage_unknown_and_the_snapshot_incomplete(tmp_path: Path) -> None:
    # The census asks for one item without a namespace; only that is refused.
    faults = (parse_fault("missing-total:in_items=true,in_header=true"),)
    with serve(INVENTORY, faults=faults) as served:
        result = crawl(served.endpoint, tmp_path, discover=True, centers="self")
    assert result.exit_code == 3
    assert result.coverage[0].declared is None
    assert result.coverage[0].uncovered is None
