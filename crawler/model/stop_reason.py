"""Why a crawl stopped, and who may ask it to (pure)."""

from typing import Literal, NamedTuple, Protocol

from crawler.errors import InterruptedRunError


class StopReason(NamedTuple):
    """Why a crawl stopped: it was done, a signal came, its task was cancelled, or `max_duration` was over."""

    kind: Literal["done", "signal", "cancelled", "deadline"]
    signal_number: int = 0


class StopSource(Protocol):
    """Asks a run to stop, such as the signals of a process. Once asked, it stays asked."""

    def watch(self) -> None:
        """Let the run look for a request from now on: it has begun to write, so it must end in order."""
        ...

    def reason(self) -> StopReason | None:
        """Return why the run was asked to stop, None if it was not."""
        ...

    async def wait(self) -> StopReason:
        """Return why the run was asked to stop, as soon as it is. One task at a time may wait."""
        ...


def interruption(reason: StopReason) -> InterruptedRunError:
    """Return the error of a run that was asked to stop before it had anything to show."""
    message = "interrupted; nothing was published; rerun the same command"
    return InterruptedRunError(message, signal_number=reason.signal_number)
