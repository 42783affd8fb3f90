"""A cache of rendered pages.

A walk requests each page once, and storing a page costs more than rendering it. So a page is stored when it is
requested for the second time.
"""

from collections import OrderedDict

from crawler.emulator.http.response import ServedResponse

_MAX_REQUESTED_ONCE = 100_000  # request targets that are remembered without a response


class PageCache:
    """Responses by request target. The least recently used ones go when bodies and keys exceed `max_bytes`."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._size_bytes = 0
        self._responses: OrderedDict[str, ServedResponse] = OrderedDict()
        self._requested_once: set[str] = set()

    def get(self, target: str) -> ServedResponse | None:
        """Return the stored response for exactly this target, or None."""
        response = self._responses.get(target)
        if response is not None:
            self._responses.move_to_end(target)
        return response

    def put(self, target: str, response: ServedResponse) -> None:
        """Store a response that is not stored yet, if this is its second `put` and it fits into the cache."""
        size = len(target) + len(response.body)
        if size > self._max_bytes:
            return
        if target not in self._requested_once:
            if len(self._requested_once) >= _MAX_REQUESTED_ONCE:
                self._requested_once.clear()
            self._requested_once.add(target)
            return
        self._responses[target] = response
        self._size_bytes += size
        while self._size_bytes > self._max_bytes:
            dropped, old = self._responses.popitem(last=False)
            self._size_bytes -= len(dropped) + len(old.body)
