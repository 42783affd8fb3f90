"""One odd answer loses nothing: what no page is, is asked for again, some time apart, before it counts."""

from functools import partial
from pathlib import Path
from typing import Final

import pytest
from aiohttp import web

from crawler.cli.console.exit_status import exit_code_of
from crawler.crawl.observing.observer import Observer
from crawler.crawl.planning.discovery import discover
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.inventory.ndjson import synthetic
from crawler.errors import ConfigError
from crawler.swr.auth.credentials import TokenCredentials
from crawler.walk.retry_policy import RetryLimits
from tests.support.emulator_fixture import (
    TOKEN,
    QuickClock,
    configure,
    crawl,
    inventory_keys,
    published_keys,
    serve,
    snapshot_of,
)
from tests.support.handler_client import client_of
from tests.support.running import run_estimate

INVENTORY: Final = synthetic(namespaces=4, repositories=200, seed=7)
_HEALTHY_REQUESTS: Final = 4 * 2  # of each center three pages of 33, a shorter one
_LISTS: Final = 2
_KINDS: Final = ("400", "403", "404", "422", "520", "redirect", "coding")


@pytest.mark.parametrize("how", _KINDS)
@pytest.mark.parametrize("offset", [0, 33])
def test_one_odd_answer_to_a_page_costs_one_request_and_no_record(how: str, offset: int, tmp_path: Path) -> None:
    clock = QuickClock()
    with serve(INVENTORY, faults=(parse_fault(f"odd-answer:how={how},offset={offset}"),)) as served:
        result = crawl(served.endpoint, tmp_path, limit=33, clock=clock)
        asked = served.counters()["requests"]
    assert exit_code_of(result) == 0
    assert asked == _HEALTHY_REQUESTS + _LISTS
    assert set(published_keys(snapshot_of(result))) == inventory_keys(INVENTORY)
    assert how == "520" or clock.slept_s >= 0.5  # a refusal is asked again some time apart
    assert {walk.dialect for walk in result.walks} == {"direct"}
    assert {walk.limit for walk in result.walks} == {33}


@pytest.mark.parametrize("how", ["403", "404", "redirect", "coding"])
def test_what_is_refused_for_good_is_asked_for_twice_and_twice_at_the_end_of_its_pass(how: str, tmp_path: Path) -> None:
    with serve(INVENTORY, faults=(parse_fault(f"odd-answer:how={how},offset=33,times=forever"),)) as served:
        result = crawl(served.endpoint, tmp_path, limit=33, centers="self")
        asked = served.counters()["requests"]
    assert exit_code_of(result) == 3
    (walk,) = result.walks
    assert walk.verdict == "partial"
    assert [(gap.offset, gap.end) for gap in walk.lost] == [(33, 66)]
    assert walk.lost[0].reason.endswith("2 times")
    assert asked == _HEALTHY_REQUESTS // 2 + 3


@pytest.mark.parametrize("status", [400, 404, 416])
def test_a_refusal_at_the_declared_total_is_the_end_when_it_comes_again_after_the_last_record_came(
    status: int, tmp_path: Path
) -> None:
    with serve(INVENTORY, faults=(parse_fault(f"refuse-past-end:status={status}"),)) as served:
        result = crawl(served.endpoint, tmp_path, limit=1, centers="self", concurrency=3)
        asked = served.counters()["requests"]
    assert exit_code_of(result) == 0
    assert asked == 100 + 2 + 1 + 2


def test_one_odd_answer_to_a_question_for_the_end_of_a_list_costs_no_pass(tmp_path: Path) -> None:
    # The last page is full: a window of another size that begins below the total asks for the end.
    with serve(INVENTORY) as healthy:
        usual = crawl(healthy.endpoint, tmp_path / "usual", limit=50, centers="self")
        expected = healthy.counters()["requests"]
    with serve(INVENTORY, faults=(parse_fault("odd-answer:how=404,offset=98"),)) as served:
        result = crawl(served.endpoint, tmp_path / "odd", limit=50, centers="self")
        asked, hits = served.counters()["requests"], served.counters()["faults"]
    assert (exit_code_of(usual), exit_code_of(result)) == (0, 0)
    assert hits == [1]
    assert asked == expected + 1
    assert [walk.passes for walk in result.walks] == [1]


@pytest.mark.parametrize("how", _KINDS)
def test_one_odd_answer_changes_no_estimate(how: str) -> None:
    with serve(INVENTORY) as healthy:
        usual = run_estimate(configure(healthy.endpoint, "unused"), TOKEN)
    with serve(INVENTORY, faults=(parse_fault(f"odd-answer:how={how},offset=none"),)) as served:
        odd = run_estimate(configure(served.endpoint, "unused"), TOKEN)
    assert (odd.walks, odd.records) == (usual.walks, 200)


@pytest.mark.anyio
@pytest.mark.parametrize("status", [302, 400, 403, 404, 520])
@pytest.mark.parametrize("times", [1, 2])
async def test_one_refusal_of_the_list_of_namespaces_is_asked_again_and_two_are_the_answer(
    status: int, times: int
) -> None:
    asked = 0

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal asked
        asked += 1
        del request
        if asked <= times:
            return web.Response(status=status, body=b"<html>")
        return web.Response(body=b'{"namespaces":[{"name":"a"}]}')

    clock = QuickClock()
    async with client_of(handle) as client:
        client.credentials = TokenCredentials("t")
        listed = partial(discover, client, "eu", visible=False, limits=RetryLimits(8), clock=clock, observer=Observer())
        if times == 1 or status == 520:
            assert await listed() == ("a",)
        else:
            with pytest.raises(ConfigError, match="name them in `namespaces`"):
                await listed()
    assert asked == (2 if status != 520 else times + 1)
    assert status == 520 or clock.slept_s >= 0.5
