"""The rate limiter: never above the configured rate, and one 429 pauses every request of the target."""

from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from crawler.cli.console.exit_status import exit_code_of
from crawler.crawl.system_clock import SystemClock
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.inventory.ndjson import synthetic
from crawler.swr.http.rate_limiter import LocalRateLimiter
from tests.support.emulator_fixture import TOKEN, QuickClock, configure, crawl, serve
from tests.support.running import run_crawl

INVENTORY = synthetic(namespaces=4, repositories=1000, seed=7)


@pytest.fixture(autouse=True)
def _no_warnings() -> None:
    """Replace the fixture of this folder: a throttled crawl logs warnings."""


def test_at_the_configured_rate_a_server_that_refuses_more_refuses_nothing(tmp_path: Path) -> None:
    # The burst is what a busy machine may hold back and send at once: an eighth of a second. A crawl that is a tenth
    # too fast has used it up before its end, each time; a machine that stands still for longer does not, three times.
    statuses: list[dict[str, int]] = []
    while len(statuses) < 3 and (not statuses or statuses[-1].keys() != {"200"}):
        with serve(INVENTORY, rps_cap=250, rps_burst=32) as served:
            config = configure(served.endpoint, tmp_path, rate_per_s=250, limit=2)
            assert exit_code_of(run_crawl(config, TOKEN, clock=SystemClock())) == 0
            statuses.append(served.counters()["by_status"])
    assert statuses[-1].keys() == {"200"}
    assert statuses[-1]["200"] >= 500


def test_one_throttling_response_pauses_every_request_until_retry_after_is_over(tmp_path: Path) -> None:
    faults = (parse_fault("throttle:first=1,retry_after_s=1"),)
    with serve(INVENTORY, faults=faults, latency_ms=5, record_requests=True) as served:
        config = configure(served.endpoint, tmp_path, limit=20, concurrency=4)
        result = run_crawl(config, TOKEN, clock=SystemClock())
        requests = list(served.requests)
    assert exit_code_of(result) == 0
    (throttled,) = [request for request in requests if request.status == 429]
    in_transit_s = 0.1  # for requests sent before the response arrived
    early = [r for r in requests if throttled.at_s + in_transit_s < r.at_s < throttled.at_s + 1.0]
    assert early == []


@pytest.mark.anyio
async def test_of_two_overlapping_pauses_the_longer_holds_and_each_second_counts_once() -> None:
    clock = QuickClock()
    limiter = LocalRateLimiter(None, clock)
    limiter.pause_for(5.0)
    limiter.pause_for(2.0)
    assert limiter.paused_for_s == pytest.approx(5.0)
    await clock.sleep(1.0)
    limiter.pause_for(6.0)
    assert limiter.paused_for_s == pytest.approx(6.0)
    assert limiter.throttled_s == pytest.approx(7.0)
    before = clock.now_s()
    await limiter.acquire()
    assert clock.now_s() - before == pytest.approx(6.0)


@pytest.mark.anyio
async def test_a_pause_that_begins_during_the_wait_for_a_token_delays_the_request() -> None:
    limiter = LocalRateLimiter(20.0, SystemClock())
    sent: list[float] = []

    async def send() -> None:
        await limiter.acquire()
        sent.append(anyio.current_time())

    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(send)
        await anyio.lowlevel.checkpoint()
        paused_at = anyio.current_time()
        limiter.pause_for(0.5)
    assert len([moment for moment in sent if paused_at < moment < paused_at + 0.5]) == 0
    assert len(sent) == 4


def test_a_throttled_crawl_succeeds_and_reports_the_length_of_the_pauses(tmp_path: Path) -> None:
    with serve(INVENTORY, faults=(parse_fault("throttle:first=2,retry_after_s=3"),)) as served:
        result = crawl(served.endpoint, tmp_path, concurrency=2)
    assert exit_code_of(result) == 0
    assert result.manifest is not None
    assert result.manifest.requests.by_status["429"] == 2
    assert result.manifest.requests.throttled_s >= 3
