"""A proxy that spoils the wire, for tests of the whole crawl: in a thread of its own, as tests/serving.py serves."""

from collections.abc import Iterator
from contextlib import contextmanager

import anyio.from_thread

from tests.support.tcp_proxy import RunningProxy, proxy
from tests.support.wire_faults import WireFault


@contextmanager
def wired(upstream: str, *faults: WireFault) -> Iterator[RunningProxy]:
    """Stand in front of `upstream`, an URL."""
    with (
        anyio.from_thread.start_blocking_portal() as portal,
        portal.wrap_async_context_manager(proxy(upstream, faults)) as running,
    ):
        yield running
