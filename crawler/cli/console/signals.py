"""Ctrl-C and SIGTERM: the first one stops a crawl in order, the second one ends the process at once."""

import signal

import anyio

from crawler.model.stop_reason import StopReason


async def stop_signal() -> StopReason:
    """Return the signal that was received; from then on the system's own handling holds."""
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as received:
        number = await anext(received)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return StopReason("signal", int(number))
