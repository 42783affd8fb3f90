"""Keys that failed too often, told the time (FACTS 3.2: five failures in a row lock a key for five minutes)."""


class Locks:
    """Lock a key for `for_s` seconds at its failure number `after` without a success in between."""

    __slots__ = ("_after", "_failures", "_for_s", "_until_s")

    def __init__(self, after: int = 5, for_s: float = 300.0) -> None:
        self._after = after
        self._for_s = for_s
        self._failures: dict[str, int] = {}
        self._until_s: dict[str, float] = {}

    def locked(self, ak: str, now_s: float) -> bool:
        """Tell whether `ak` is refused, whatever it signs. Asking while it is doesn't make it longer."""
        return now_s < self._until_s.get(ak, now_s)

    def failed(self, ak: str, now_s: float) -> None:
        """Take note of a signature of `ak` that was refused."""
        self._failures[ak] = self._failures.get(ak, 0) + 1
        if self._failures[ak] >= self._after:
            del self._failures[ak]
            self._until_s[ak] = now_s + self._for_s

    def passed(self, ak: str) -> None:
        """Forget the failures of `ak`."""
        self._failures.pop(ak, None)
