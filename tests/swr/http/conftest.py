import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _no_warnings(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail a test in which asyncio or aiohttp logs a warning, such as an exception that was never retrieved."""
    with caplog.at_level(logging.WARNING):
        yield
    assert not caplog.records
