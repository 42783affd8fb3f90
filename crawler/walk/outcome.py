"""What a walk makes of a page, and the error for an event that is not possible (pure)."""

from typing import Literal, NamedTuple


class WalkError(Exception):
    """An event that is not possible in this state: a bug of the caller, or a journal of another plan."""


class Retry(NamedTuple):
    """The window stays in flight and must be requested again, `at_once` or after a backoff."""

    reason: str
    at_once: bool = False


Outcome = Retry | Literal["keep", "skip"]  # keep: the page counts; skip: it is settled, but holds nothing new
