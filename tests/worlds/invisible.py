"""What no client can see: why a row may be missing in a crawl that was right to call itself complete.

Each rule is a named predicate on what the service knew and showed, with one sentence why. It is asked for each key that
is missing or too much, after the crawl. The rules know the world; of the crawler they know nothing but its requests.

A rule excuses only a crawl that did what is promised: it looked twice at nothing, apart in time, and with `double_read`
it asked twice, in another way and past any cache.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from tests.worlds.inventory import Key
from tests.worlds.service import Look, Service

_APART_S: Final = 0.1  # two looks at nothing must be as far apart
_NO_LISTS: Final = frozenset({"no bytes", "error envelope"})  # what looks like nothing, and says nothing


class Sight(NamedTuple):
    """All looks that concern one row: at any list that it belongs to (`looks`), and at that of its own walk (`own`).

    The others are at the center's census. `published` are all keys on the disk.
    """

    service: Service
    published: frozenset[Key]
    key: Key
    looks: Sequence[Look]
    own: Sequence[Look]

    @classmethod
    def of(cls, service: Service, published: frozenset[Key], key: Key) -> "Sight":
        """Return what a crawl saw of the lists that hold a row."""
        center, namespace, _ = key
        of_center = [look for look in service.looks if look.query.center == center]
        looks = [look for look in of_center if look.query.namespace in {None, namespace}]
        by_namespace = any(look.query.namespace is not None for look in of_center)
        own = [look for look in looks if (look.query.namespace is not None) == by_namespace]
        return cls(service, published, key, looks, own)

    def knows(self, look: Look) -> bool:
        """Return whether the list that a page was taken from holds the row."""
        return self.key in look.known

    @property
    def census(self) -> list[Look]:
        """The looks at the census of the row's center."""
        return [look for look in self.looks if look not in self.own]

    @property
    def walked(self) -> list[Look]:
        """The looks at any namespace of the row's center."""
        return [look for look in self.service.looks if look.query.center == self.key[0] and look.query.namespace]

    @property
    def reads_twice(self) -> bool:
        """Whether two readings are promised: a list on one page is one state of it, whenever it is read."""
        later = (look for look in self.own if look.shown and look.query.offset >= self.own[0].query.limit)
        return self.service.world.double_read and any(later)


# ---- what was promised


def _did_its_duty(sight: Sight, looks: Sequence[Look]) -> bool:
    """Return whether these looks are all that a client can be asked for.

    Of a namespace that is not walked there are none: then it is the census, after all walks of its center.
    """
    if not looks:
        return bool(sight.census) and sight.census[-1].at_s >= max((look.at_s for look in sight.walked), default=0.0)
    if any(_is_of_another_list(sight, look) for look in looks):
        return False
    if not any(look.shown for look in looks):
        return _are_apart(sorted([*looks, *sight.census], key=lambda look: look.at_s)) or _census_agrees(sight)
    if not sight.reads_twice:
        return True
    asked = {(look.query.limit, look.query.order) for look in looks if not look.query.offset}
    return len(asked) > 1 and any(look.fresh for look in looks)


def _are_apart(looks: Sequence[Look]) -> bool:
    """Return whether two good answers, apart in time, said that there is nothing."""
    good = [look.at_s for look in looks if not look.shown and look.failure not in _NO_LISTS]
    return bool(good) and good[-1] - good[0] >= _APART_S


def _is_of_another_list(sight: Sight, look: Look) -> bool:
    """Return whether a page can be seen to be of another list.

    The other center was read, too, and holds the same keys; or its records are of a namespace that nobody publishes.
    """
    if not look.shown:
        return False
    if len(sight.service.world.centers) > 1 and any(center != sight.key[0] for center, *_ in look.known):
        return True
    namespace = look.query.namespace
    outside = {key for key in look.known if key[1] != namespace} if namespace is not None else set()
    return not outside <= sight.published


def _census_agrees(sight: Sight) -> bool:
    """Return whether the center declared, before and after its walks, as many records as they found."""
    found = sum(key[0] == sight.key[0] for key in sight.published)
    return bool(sight.census) and {look.total for look in sight.census if look.shown} == {found}


# ---- the rules


def _no_server_shows_it(sight: Sight) -> bool:
    """No server holds the row, or none ever serves it: all of them agree."""
    return not sight.service.could_show(sight.key)


def _no_answer_is_of_one_that_shows_it(sight: Sight) -> bool:
    """Every server that answered lacks the row, and no answer contradicts another."""
    return not any(map(sight.knows, sight.looks)) and _did_its_duty(sight, sight.own)


def _never_shown(sight: Sight) -> bool:
    """No answer showed the row or declared more rows than were read, and a list of as many rows ends there."""
    found = sum(key[0] == sight.key[0] and _same_list(sight, key) for key in sight.published)
    totals = {look.total for look in sight.own if look.total is not None}
    is_end_known = totals == {found} or (max(totals, default=0) == found and _shows_its_end(sight.own, found))
    is_shown = any(sight.key in look.rows for look in sight.looks)
    return is_end_known and not is_shown and _did_its_duty(sight, sight.own)


def _shows_its_end(looks: Sequence[Look], length: int) -> bool:
    """Return whether a page that is not full, behind others, was the end of a list of so many rows."""
    ends = (look for look in looks if 0 < look.shown < look.query.limit and look.query.offset)
    return any(look.query.offset + look.shown == length == len(look.known) for look in ends)


def _same_list(sight: Sight, key: Key) -> bool:
    return not sight.walked or key[1] == sight.key[1]


def _last_reading_lacks_it(sight: Sight) -> bool:
    """The last reading is one of servers that all lack the row: they answer as after a deletion."""
    knew = [number for number, look in enumerate(sight.own) if sight.knows(look)]
    last = sight.own[knew[-1] + 1 :] if knew else []
    is_reading = any(look.shown and not look.query.offset for look in last)
    published = sum(center == sight.key[0] for center, *_ in sight.published)
    said_more = any((look.total or 0) > published for look in sight.census)
    return is_reading and not said_more and _did_its_duty(sight, last)


def _balanced_change(sight: Sight) -> bool:
    """While a list was read, as many rows came as went: every total is the same, and so is every count."""
    return not sight.reads_twice and _changed_in_balance(sight) and _did_its_duty(sight, sight.own)


def _change_in_step(sight: Sight) -> bool:
    """Rows went and came back in step with both readings of a double read."""
    shown = [frozenset(look.known) for look in sight.own]
    returned = sum(before != after for before, after in pairwise(shown)) >= len(set(shown))
    return sight.reads_twice and returned and _changed_in_balance(sight) and _did_its_duty(sight, sight.own)


def _changed_in_balance(sight: Sight) -> bool:
    """Return whether two lists of one length were shown without a long interruption in between."""
    for sitting in {look.sitting for look in sight.own}:
        known = {frozenset(look.known) for look in sight.own if look.sitting == sitting}
        if len(known) > len({len(one) for one in known}):
            return True
    return False


def _nothing_apart(sight: Sight) -> bool:
    """Two good answers, apart in time, said that there is nothing, and no answer said otherwise."""
    # A page without rows says that there are none behind it either, and an empty center that its namespaces are.
    covering = [
        look
        for look in sight.looks
        if sight.knows(look)
        and look.query.offset <= look.known.index(sight.key)
        and (not look.shown or look.known.index(sight.key) < look.query.offset + look.query.limit)
    ]
    if not covering or any(look.shown for look in covering):
        return False
    position = min(look.known.index(sight.key) for look in covering)
    return _are_apart(covering) and not any((look.total or 0) > position for look in sight.looks)


def _only_one_center(sight: Sight) -> bool:
    """The page is of the other center, nothing in a response names its center, and the other center was not read."""
    shown = {key[1:] for look in sight.own for key in look.known}
    return len(sight.service.world.centers) == 1 and sight.key[1:] in shown


def _each_came_for_the_other(sight: Sight) -> bool:
    """Every answer for one center is of the other, and so is the page with the row: it may as well be the list."""
    if len(sight.service.world.centers) == 1:
        return False
    others = [look for look in sight.service.looks if look.query.center != sight.key[0]]
    pages = [look for look in sight.looks if sight.key[1:] in {key[1:] for key in look.rows}]
    return bool(others and pages) and all(look.failure == "other center" for look in (*others, *pages))


_Rule = Callable[[Sight], bool]
RULES: Final[dict[str, dict[str, _Rule]]] = {
    "missing": {
        "no server shows it": _no_server_shows_it,
        "no server that answered shows it": _no_answer_is_of_one_that_shows_it,
        "the last reading lacks it": _last_reading_lacks_it,
        "a balanced change during one reading": _balanced_change,
        "no answer showed it or declared more": _never_shown,
        "changes in step with both readings": _change_in_step,
        "nothing, twice, apart in time": _nothing_apart,
    },
    "never there": {
        "only one center was asked for": _only_one_center,
        "each center came for the other": _each_came_for_the_other,
    },
    "twice": {},
}


def why_invisible(service: Service, published: frozenset[Key], key: Key, violation: str) -> str:
    """Return the name of the first rule that excuses a violation by this key, "" for none."""
    sight = Sight.of(service, published, key)
    return next((name for name, rule in RULES[violation].items() if rule(sight)), "")
