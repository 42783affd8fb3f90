"""Locks of access keys after failed signatures (swr-api.md#key-lockout). Every method that needs the time takes it."""


class KeyLocks:
    """Locks a key for `for_s` seconds at its failure number `after` without a success in between."""

    __slots__ = ("_after", "_failures", "_for_s", "_until_s")

    def __init__(self, after: int = 5, for_s: float = 300.0) -> None:
        self._after = after
        self._for_s = for_s
        self._failures: dict[str, int] = {}
        self._until_s: dict[str, float] = {}

    def is_locked(self, ak: str, now_s: float) -> bool:
        """Return whether `ak` is locked. A request with a locked key does not extend the lock."""
        return now_s < self._until_s.get(ak, now_s)

    def on_failure(self, ak: str, now_s: float) -> None:
        """Count a failed signature of `ak`, and lock the key if it was the last one allowed."""
        self._failures[ak] = self._failures.get(ak, 0) + 1
        if self._failures[ak] >= self._after:
            del self._failures[ak]
            self._until_s[ak] = now_s + self._for_s

    def on_success(self, ak: str) -> None:
        """Reset the failures of `ak`."""
        self._failures.pop(ak, None)
