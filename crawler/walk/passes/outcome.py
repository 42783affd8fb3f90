"""What a walk makes of a page, and the error for an event that is not possible (pure)."""

from typing import Literal, NamedTuple

from crawler.swr.page import Page

# Whether another request may follow an unsatisfying page: more    yes
#                                                        last    no, but a second look at an empty answer is still taken
#                                                        replay  no: the page is one that was settled before a resume
Trial = Literal["more", "last", "replay"]


class WalkError(Exception):
    """An event that is not possible in this state: a bug of the caller, or a journal of another plan."""


class AskAgain(NamedTuple):
    """The window stays in flight and must be requested again: at once, after a backoff, or some time apart.

    *apart* is for a second look: the first answer said that nothing is there, and may have been wrong for a moment.
    """

    reason: str
    wait: Literal["none", "backoff", "apart"] = "backoff"


class Settled(NamedTuple):
    """The window is settled with this page, which is what a journal must keep: it may differ from the one received."""

    page: Page


class NoList(NamedTuple):
    """The window is settled without a page: the service says that it has no such list; `reason` says how."""

    reason: str


Outcome = AskAgain | Settled


class Refusal(NamedTuple):
    """A refusal (400, 404, 416) that may say "there is no such page".

    `answer` is what the service said, e.g. `HTTP 404 'no repository found'`; `says_nothing` when it denies records.
    """

    answer: str
    says_nothing: bool = False
