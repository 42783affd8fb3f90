"""Whoever holds an answer that is not certain is told once whether it is."""

import pytest

from crawler.swr.exchange import Exchange


@pytest.mark.parametrize("certain", [True, False])
def test_the_listener_is_told_once_whenever_it_listens(certain: bool) -> None:  # noqa: FBT001 - a parameter
    early, late = Exchange(), Exchange()
    told: list[bool] = []
    early.when_judged(told.append)
    for exchange in (early, late):
        exchange.judge(certain=certain)
        exchange.judge(certain=not certain)
    late.when_judged(told.append)
    assert told == [certain, certain]
    assert early.certain is late.certain is certain


def test_an_answer_with_its_own_namespace_alone_is_identified_only_where_that_identifies_it() -> None:
    identified: list[Exchange] = []
    exchange = Exchange(identified.append)
    exchange.holds_own_namespace()
    Exchange().holds_own_namespace()
    assert identified == [exchange]
