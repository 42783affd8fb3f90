"""Which run a command wants: a new one, or one that is there already (pure)."""

from types import MappingProxyType
from typing import NamedTuple

from crawler.model.caller import Callers


class ResumeRequest(NamedTuple):
    """Which run the user wants: the one with the id `snapshot`, or with None any, and whether to resume it.

    `resume` is as in the table of workspace.py; `plan` is the digest of the plan; `max_age_s` is the age of the oldest
    run that may be resumed, in seconds; `callers` are those who ask now.
    """

    plan: str
    snapshot: str | None
    resume: bool | None
    max_age_s: float
    callers: Callers = MappingProxyType({})
