"""Every world in which the law was once broken: it is kept now."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worlds.counterexamples import ALL
from tests.worlds.driver import workplace
from tests.worlds.search import BAD, try_world

pytestmark = pytest.mark.unmeasured


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with workplace() as folder:
        yield folder


@pytest.mark.parametrize("name", ALL)
def test_a_crawl_of_a_world_that_broke_the_law_is_not_called_complete(
    name: str, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.CRITICAL):
        found = try_world(ALL[name], folder)
    assert found.outcome not in BAD, found
