"""The identity that the gateway gives each response, in the header X-Request-Id (pure).

A response with an id that came before is a copy, whatever was requested: of the same request it would be the same look
twice. It may have come on another connection: a proxy in front of the service may have mixed up its own connections.

An id that comes a third time is no identity: something on the way sends the same one with every response, or a cache
sends a stored response again and again. From then on ids are not compared.

Source: docs/reference/swr-api.md#gateway-headers, #repeated-answers.
"""

from typing import Final

_REMEMBERED: Final = 1024  # a copy is late by a few responses, on each of some dozens of connections


class ResponseIds:
    """The ids of the last responses, at least _REMEMBERED of them. `identify` says whether they are identities."""

    def __init__(self) -> None:
        self.identify = True
        self._copied: str | None = None
        self._ids: set[int] = set()
        self._ids_before: set[int] = set()

    def add(self, response_id: str) -> bool:
        """Note the id of a response; return whether it came before."""
        key = hash(response_id)  # an id may have 64 kB
        if key in self._ids or key in self._ids_before:
            return self.identify
        self._ids.add(key)
        if len(self._ids) >= _REMEMBERED:
            self._ids, self._ids_before = set(), self._ids
        return False

    def is_copy(self, response_id: str | None) -> bool:
        """Return whether a response whose id came before is a copy: it is not when its id came before that, too."""
        if response_id == self._copied:
            self.identify = False
        self._copied = response_id
        return self.identify
