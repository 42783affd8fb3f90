"""The signals of the process as what asks a run to stop."""

import asyncio
from functools import partial

import anyio

from crawler.cli.console.process_signals import SIGNALS
from crawler.model.stop_reason import StopReason


class SignalStop:
    """Asks a run to stop at the first Ctrl-C or SIGTERM; a StopSource."""

    def watch(self) -> None:
        """Only note the first signal from now on."""
        SIGNALS.watch()

    def reason(self) -> StopReason | None:
        """Return the signal that came, None before."""
        return None if SIGNALS.received is None else StopReason("signal", SIGNALS.received)

    async def wait(self) -> StopReason:
        """Return the signal as soon as it came."""
        came = anyio.Event()
        SIGNALS.watch(partial(asyncio.get_running_loop().call_soon_threadsafe, came.set))
        try:
            while (reason := self.reason()) is None:
                await came.wait()
        finally:
            SIGNALS.unwatch()
        return reason
