"""Two centers overlap when they hold records of one owner, or records alike without one."""

from collections.abc import Collection, Mapping

import pytest

from crawler.model.identity import IdentitySet
from crawler.model.key_sample import KeySample
from crawler.model.record import record_key
from crawler.model.walk_id import Center
from crawler.snapshot.manifest import Overlap
from crawler.snapshot.overlap import overlaps

Content = dict[tuple[str, Center], Mapping[int, object]]


def sample_of(owner: str | None, *names: str) -> KeySample:
    keys = [record_key(owner, "n", name).key for name in names]
    found = IdentitySet()
    found.update(keys, () if owner else tuple(keys))
    return found.sample()


def overlaps_of(own: KeySample, shared: KeySample, content: Content | None = None) -> list[Overlap]:
    def read(target: str, center: Center, keys: Collection[int]) -> Mapping[int, object]:
        held = (content or {}).get((target, center), {})
        return {key: held[key] for key in keys if key in held}

    return list(overlaps({("eu", "self"): own, ("eu", "thirdparty"): shared}, read))


def test_records_of_one_owner_are_the_same_whatever_they_hold() -> None:
    own, shared = sample_of("acme", "a", "b", "c"), sample_of("acme", "b", "c", "d", "e")
    assert overlaps_of(own, shared) == [Overlap(target="eu", compared=3, in_both=2)]
    assert overlaps_of(own, sample_of("globex", "a", "b")) == []


@pytest.mark.parametrize("owners", [(None, None), ("acme", None), (None, "acme")])
def test_a_record_without_an_owner_is_the_same_if_it_holds_the_same(owners: tuple[str | None, str | None]) -> None:
    own, shared = (sample_of(owner, "a", "b") for owner in owners)
    first, second = (
        {record_key(owner, "n", name).key: (name, number) for name in "ab"} for number, owner in enumerate(owners)
    )
    alike = dict.fromkeys((*first, *second), ("a", 0))
    different: Content = {("eu", "self"): first, ("eu", "thirdparty"): second}
    assert overlaps_of(own, shared) == [Overlap(target="eu", compared=2, in_both=2)]  # what they hold is not known
    assert overlaps_of(own, shared, different) == []
    assert overlaps_of(own, shared, {("eu", "self"): alike, ("eu", "thirdparty"): alike}) != []


def test_only_centers_of_one_target_are_compared() -> None:
    sample = sample_of("acme", "a")
    samples: dict[tuple[str, Center], KeySample] = {("eu", "self"): sample, ("west", "thirdparty"): sample}
    assert list(overlaps(samples, lambda *_: {})) == []
