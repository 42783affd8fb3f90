"""A proxy with faults for tests of the whole crawl, in its own thread, as tests/support/emulator_fixture.py serves."""

from collections.abc import Iterator
from contextlib import contextmanager

import anyio.from_thread

from tests.support.tcp_proxy import RunningProxy, proxy
from tests.support.wire_faults import WireFault


@contextmanager
def wire_proxy(upstream: str, *faults: WireFault) -> Iterator[RunningProxy]:
    """Yield a running proxy in front of the URL `upstream`."""
    with (
        anyio.from_thread.start_blocking_portal() as portal,
        portal.wrap_async_context_manager(proxy(upstream, faults)) as running,
    ):
        yield running
