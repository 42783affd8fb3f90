"""One fault for what goes wrong now and then."""

import pytest

from crawler.emulator.faults.fault import Call
from crawler.emulator.faults.random_faults import KINDS
from crawler.emulator.faults.registry import RandomFaults
from crawler.emulator.http.response import IMMEDIATE
from tests.emulator.client import Asker, numbered

TEN = numbered(10)
PLAIN = Asker(TEN).ask()


def struck(fault: RandomFaults, requests: int) -> list[bool]:
    asker = Asker(TEN, [fault])
    return [asker.ask() != PLAIN for _ in range(requests)]


@pytest.mark.parametrize("kind", KINDS)
def test_each_mishap_is_one_of_every_page_and_comes_alone_if_wanted(kind: str) -> None:
    window = "limit=3&offset=6"
    asker = Asker(TEN, [RandomFaults(1, kinds=(kind,))])
    wanted = Asker(TEN, [KINDS[kind]])
    for _ in range(3):
        assert Asker(TEN).ask(window) != asker.ask(window) == wanted.ask(window)


def test_a_share_of_the_requests_meets_one_and_the_seed_decides_which() -> None:
    one, same, other = (struck(RandomFaults(0.2, seed), 300) for seed in (1, 1, 2))
    assert one == same != other
    assert 30 < one.count(True) < 90
    assert not any(struck(RandomFaults(0), 20))


def test_which_kinds_there_are_does_not_decide_who_is_struck() -> None:
    assert struck(RandomFaults(0.5, 3), 50) == struck(RandomFaults(0.5, 3, ("drop",)), 50)


def test_every_mishap_happens_and_they_are_told_apart() -> None:
    calls = [Call(number=number, request_id="", now_s=0) for number in range(500)]
    drawn = {RandomFaults(1).drawn(call) for call in calls}
    assert drawn == set(KINDS.values())


def test_a_request_that_meets_none_is_answered_as_ever() -> None:
    assert Asker(TEN, [RandomFaults(0)]).ask() == PLAIN
    assert PLAIN.delivery is IMMEDIATE
