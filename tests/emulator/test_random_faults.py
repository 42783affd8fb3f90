"""One fault that draws others at random."""

import pytest

from crawler.emulator.faults.fault import Call
from crawler.emulator.faults.random_faults import KINDS
from crawler.emulator.faults.registry import RandomFaults
from crawler.emulator.http.response import IMMEDIATE
from tests.emulator.client import DirectClient, numbered

TEN = numbered(10)
PLAIN = DirectClient(TEN).get()


def triggered(fault: RandomFaults, requests: int) -> list[bool]:
    client = DirectClient(TEN, [fault])
    return [client.get() != PLAIN for _ in range(requests)]


@pytest.mark.parametrize("kind", KINDS)
def test_each_random_kind_alone_does_what_its_fault_does(kind: str) -> None:
    window = "limit=3&offset=6"
    client = DirectClient(TEN, [RandomFaults(1, kinds=(kind,))])
    wanted = DirectClient(TEN, [KINDS[kind]])
    for _ in range(3):
        assert DirectClient(TEN).get(window) != client.get(window) == wanted.get(window)


def test_random_faults_trigger_on_a_share_that_the_seed_decides() -> None:
    one, same, other = (triggered(RandomFaults(0.2, seed), 300) for seed in (1, 1, 2))
    assert one == same != other
    assert 30 < one.count(True) < 90
    assert not any(triggered(RandomFaults(0), 20))


def test_the_kinds_do_not_change_which_requests_are_hit() -> None:
    assert triggered(RandomFaults(0.5, 3), 50) == triggered(RandomFaults(0.5, 3, ("drop",)), 50)


def test_every_random_kind_occurs() -> None:
    calls = [Call(number=number, request_id="", now_s=0) for number in range(500)]
    drawn = {RandomFaults(1).drawn(call) for call in calls}
    assert drawn == set(KINDS.values())


def test_a_request_without_a_random_fault_gets_the_normal_response() -> None:
    assert DirectClient(TEN, [RandomFaults(0)]).get() == PLAIN
    assert PLAIN.delivery is IMMEDIATE
