"""Nights of failing requests, outages, changes and kills end in 0 where that is provable, and never without a row."""

import pytest

from tests.nights import nights

pytestmark = pytest.mark.unmeasured


def broken(number: int, seed: int) -> list[str]:
    """Run nights, and return what was told of those that broke the law."""
    told: list[str] = []
    nights(number, seed, told.append)
    return told


@pytest.mark.parametrize("seed", [1, 11])
def test_some_random_nights_end_as_they_must(seed: int) -> None:
    assert broken(2, seed) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 11, *range(100, 400, 30)])
def test_hundreds_of_random_nights_end_as_they_must(seed: int) -> None:
    assert broken(30, seed) == []
