"""How long answers take, and so for how long a silent connection may still bring one (pure).

When a copy took the place of an answer, the answer itself comes later, but hardly later than others do. Twice the
longest time of all is enough to use a connection again, which costs nothing. At the end of a crawl everything waits, so
there twice the time of the last answers must do: one slow answer hours ago makes no crawl wait.
"""

from typing import Final

_LEAST_S: Final = 1.0
_LEAST_WAIT_S: Final = 0.05
_KEPT: Final = 0.95  # after a hundred answers, hardly anything is left of a slow one


class AnswerTimes:
    """The times of the answers so far.

    `certain_after_s` is for how many seconds a connection must have been silent before it is used again, so that its
    last answer is certain.
    """

    def __init__(self) -> None:
        self.certain_after_s = _LEAST_S
        self._wait_s = 0.0

    @property
    def wait_s(self) -> float:
        """For how many seconds a connection must have been silent at the end."""
        return max(_LEAST_WAIT_S, self._wait_s)

    def on_answer(self, took_s: float) -> None:
        """Learn from an answer that took so long from the request to its last byte."""
        doubled = 2 * took_s
        self._wait_s *= _KEPT
        if doubled > self._wait_s:
            self._wait_s = doubled
            self.certain_after_s = max(self.certain_after_s, doubled)
