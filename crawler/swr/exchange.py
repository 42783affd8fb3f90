"""One request and its answer on a connection, until it is known whether they belong together (pure).

HTTP/1.1 matches answers to requests by their order on the connection alone. When a server or a proxy sends one answer
twice, and the copy arrives late, the next request gets the copy, and every later request the answer to the one before.
Which answers are certain is decided in http/connection_log.py.
"""

from collections.abc import Callable


class Exchange:
    """An answer that is not certain yet.

    `certain` is None until the exchange is judged; then True when the answer belongs to the request, False when it may
    belong to another one, and must be requested again.
    """

    __slots__ = ("_identify", "_listener", "certain")

    def __init__(self, identify: "Callable[[Exchange], None] | None" = None) -> None:
        self._identify = identify
        self._listener: Callable[[bool], None] | None = None
        self.certain: bool | None = None

    def holds_own_namespace(self) -> None:
        """Note that the answer holds records of the requested namespace and of no other.

        The exchange is certain then if nothing else on its connection asked for this namespace.
        """
        if self._identify is not None:
            self._identify(self)

    def when_judged(self, listener: Callable[[bool], None]) -> None:
        """Call `listener` with `certain` as soon as it is known, at once if it is; one listener at most."""
        if self.certain is None:
            self._listener = listener
        else:
            listener(self.certain)

    def judge(self, *, certain: bool) -> None:
        """Set `certain`, once, and tell the listener."""
        if self.certain is None:
            self.certain = certain
            if self._listener is not None:
                self._listener(certain)
