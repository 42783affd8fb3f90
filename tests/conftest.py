import pytest

from tests.support.unmeasured import UnmeasuredTests, current_tracer


def pytest_configure(config: pytest.Config) -> None:
    tracer = current_tracer()
    if tracer is not None:
        config.pluginmanager.register(UnmeasuredTests(tracer))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"
