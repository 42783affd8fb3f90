"""The law: exit code 0 implies that every row that was held throughout the crawl is on the disk, once, and none else.

`judge` compares the published keys with the truth, and leaves out what no client can see (`invisible.py`).
"""

from collections import Counter
from typing import Literal, NamedTuple

from tests.worlds.driver import Crawled
from tests.worlds.inventory import Key
from tests.worlds.invisible import why_invisible

Outcome = Literal["kept", "broken", "invisible", "said", "stopped", "endless", "doubted"]


class Judgement(NamedTuple):
    """How a world ended, and why.

    *kept*: complete, and all is there; *broken*: complete, and something is missing, twice or was never there;
    *invisible*: the same, but no client could see it; *said*: published, exit code 3; *stopped*: nothing published;
    *endless*: it did not end; *doubted*: nothing was wrong with the world, and yet it is not complete.
    """

    outcome: Outcome
    why: str = ""
    keys: tuple[Key, ...] = ()


def judge(crawled: Crawled, *, harmless: bool = False) -> Judgement:
    """Return whether the law was kept; a `harmless` world must be complete."""
    if crawled.exit_code and harmless:
        return Judgement("doubted", f"exit code {crawled.exit_code}")
    if crawled.exit_code:
        outcomes: dict[int, Outcome] = {3: "said", -1: "endless"}
        return Judgement(outcomes.get(crawled.exit_code, "stopped"))
    excused: list[Judgement] = []
    for why, keys in _violations(crawled):
        reasons = {why_invisible(crawled.service, frozenset(crawled.published), key, why) for key in keys}
        if "" in reasons or not reasons:
            return Judgement("broken", why, tuple(sorted(keys)))
        excused.append(Judgement("invisible", min(reasons), tuple(sorted(keys))))
    return excused[0] if excused else Judgement("kept")


def _violations(crawled: Crawled) -> list[tuple[str, set[Key]]]:
    service = crawled.service
    published = Counter(crawled.published)
    throughout = frozenset.intersection(*(state.keys for state in service.truths))
    in_scope = {key for key in throughout if key[0] in service.world.centers}
    found = {
        "missing": in_scope - published.keys(),
        "twice": {key for key, count in published.items() if count > 1},
        "never there": published.keys() - service.ever,
    }
    return [(why, keys) for why, keys in found.items() if keys]
