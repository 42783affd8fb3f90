"""How many examples a property draws: a few at each change (`make test`), many in `make proofs`.

Hypothesis calls a set of defaults a profile. There are two, and `pytest --hypothesis-profile thorough` chooses the
second one; tests/conftest.py registers them before pytest imports a test.
"""

from typing import Final

from hypothesis import Phase, settings

QUICK: Final = "quick"
THOROUGH: Final = "thorough"
TIMES: Final = 20  # a proof draws so many times the examples of a quick run


def register_profiles() -> None:
    """Register both profiles and load the quick one.

    No example has a deadline: how long one takes depends on what else runs on the machine. In a quick run Hypothesis
    does not explain a failure: for that it traces each line of hundreds of replays, which takes most of their time.
    """
    quick = tuple(phase for phase in Phase if phase is not Phase.explain)
    settings.register_profile(QUICK, max_examples=25, deadline=None, phases=quick)
    settings.register_profile(THOROUGH, max_examples=25 * TIMES, deadline=None)
    settings.load_profile(QUICK)


def is_thorough() -> bool:
    """Return whether this is a run of proofs."""
    return settings.get_current_profile_name() == THOROUGH


def examples(*, quick: int) -> int:
    """Return `quick`, or TIMES as many in a run of proofs: for `settings(max_examples=...)` of a heavy property."""
    return quick * TIMES if is_thorough() else quick
