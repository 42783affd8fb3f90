"""Polite: never above the rate, and one 429 slows everybody."""

from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from crawler.crawl.run import run_crawl
from crawler.crawl.system_clock import SystemClock
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.inventory.ndjson import synthetic
from crawler.swr.http.rate_limiter import RateLimiter
from tests.support.emulator_fixture import TOKEN, QuickClock, configure, crawl, serve

INVENTORY = synthetic(namespaces=4, repositories=1000, seed=7)


def test_at_the_configured_rate_a_server_that_refuses_more_refuses_nothing(tmp_path: Path) -> None:
    with serve(INVENTORY, rps_cap=200, rps_burst=10) as served:
        config = configure(served.endpoint, tmp_path, rate_per_s=200, limit=5)
        result = run_crawl(config, TOKEN, clock=SystemClock())
        counters = served.counters()
    assert result.exit_code == 0
    assert counters["by_status"] == {"200": 200}


def test_one_throttling_answer_holds_every_request_back_until_retry_after_is_over(tmp_path: Path) -> None:
    faults = (parse_fault("throttle:first=1,retry_after_s=1"),)
    with serve(INVENTORY, faults=faults, latency_ms=5, record_requests=True) as served:
        config = configure(served.endpoint, tmp_path, limit=20, concurrency=4)
        result = run_crawl(config, TOKEN, clock=SystemClock())
        seen = list(served.requests)
    assert result.exit_code == 0
    (throttled,) = [request for request in seen if request.status == 429]
    on_the_wire_s = 0.1  # what was sent before the answer came back
    early = [r for r in seen if throttled.at_s + on_the_wire_s < r.at_s < throttled.at_s + 1.0]
    assert early == []


@pytest.mark.anyio
async def test_a_gate_closed_twice_opens_at_the_later_time_and_counts_each_second_once() -> None:
    clock = QuickClock()
    pace = RateLimiter(None, clock)
    pace.pause_for(5.0)
    pace.pause_for(2.0)
    assert pace.paused_for_s == pytest.approx(5.0)
    await clock.sleep(1.0)
    pace.pause_for(6.0)
    assert pace.paused_for_s == pytest.approx(6.0)
    assert pace.throttled_s == pytest.approx(7.0)
    before = clock.now_s()
    await pace.acquire()
    assert clock.now_s() - before == pytest.approx(6.0)


@pytest.mark.anyio
async def test_the_gate_is_looked_at_again_after_the_limiter() -> None:
    pace = RateLimiter(20.0, SystemClock())
    sent: list[float] = []

    async def send() -> None:
        await pace.acquire()
        sent.append(anyio.current_time())

    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(send)
        await anyio.lowlevel.checkpoint()
        closed_at = anyio.current_time()
        pace.pause_for(0.5)
    assert len([moment for moment in sent if closed_at < moment < closed_at + 0.5]) == 0
    assert len(sent) == 4


def test_a_run_throttled_once_goes_on_and_says_how_long_it_waited(tmp_path: Path) -> None:
    with serve(INVENTORY, faults=(parse_fault("throttle:first=2,retry_after_s=3"),)) as served:
        result = crawl(served.endpoint, tmp_path, concurrency=2)
    assert result.exit_code == 0
    assert result.manifest is not None
    assert result.manifest.requests.by_status["429"] == 2
    assert result.manifest.requests.throttled_s >= 3
