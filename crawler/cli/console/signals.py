"""Ctrl-C and SIGTERM: the first one stops a crawl in order, a second Ctrl-C ends the process at once."""

import signal

import anyio

from crawler.model.stop_reason import StopReason


async def stop_signal() -> StopReason:
    """Return the signal that was received; restore the system's own handling of further ones."""
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as received:
        number = await anext(received)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return StopReason("signal", int(number))
