"""The bound of a response's head: all of its headers together, or all trailers of its body (pure).

aiohttp bounds the size of a header and their number; their product is more than each of many connections may take.

Source: docs/reference/swr-api.md#header-size-limits: twice what the gateway accepts itself.
"""

from typing import Final

HEAD_BYTES: Final = 256 * 2**10


class HeadLimit:
    """Counts the bytes that came in a row without completing a head and without bringing any part of a body."""

    def __init__(self) -> None:
        self._bytes = 0

    def restart(self) -> None:
        """Note that a request is sent, or that a head is complete."""
        self._bytes = 0

    def is_exceeded(self, received: int, body_bytes: int) -> bool:
        """Return whether `received` bytes more, of which `body_bytes` belong to a body, are too many."""
        self._bytes = 0 if body_bytes else self._bytes + received
        return self._bytes > HEAD_BYTES
