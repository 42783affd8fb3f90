"""Samples of two sets tell whether the sets hold the same repositories."""

from collections.abc import Iterable
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.model.identity import IdentitySet
from crawler.model.key_sample import SAMPLED, KeySample, Match
from crawler.model.key_set import GROUP_SHIFT, GROUPS, MAX_PLAIN
from crawler.model.record import record_key
from tests.support.examples import examples

Triple = tuple[str | None, str, str]


def sample_of(triples: Iterable[Triple], max_plain: int = MAX_PLAIN) -> KeySample:
    keys = [record_key(*triple) for triple in triples]
    key_set = IdentitySet(max_plain)
    key_set.update([key.key for key in keys], tuple(key.key for key in keys if not key.has_owner))
    return key_set.sample()


def rows(owner: str | None, size: int, namespace: str = "n") -> list[Triple]:
    return [(owner, namespace, f"r{number}") for number in range(size)]


def compared_and_common(one: KeySample, other: KeySample) -> tuple[int, int]:
    compared, matches = one.common(other)
    swapped = frozenset(match._replace(key=match.other, other=match.key) for match in matches)
    assert other.common(one) == (compared, swapped)
    assert len(matches) == len({match.key for match in matches}) == len({match.other for match in matches})
    return compared, len(matches)


SIZES = (0, 1, 2, SAMPLED, SAMPLED + 1, 1000, 20_000)


@pytest.mark.parametrize("max_plain", [0, MAX_PLAIN], ids=["compact", "plain"])
@pytest.mark.parametrize("size", SIZES)
def test_equal_sets_have_all_of_their_samples_in_common(size: int, max_plain: int) -> None:
    one, other = sample_of(rows("acme", size), max_plain), sample_of(rows("acme", size)[::-1])
    assert compared_and_common(one, other) == (min(size, SAMPLED), min(size, SAMPLED))


@pytest.mark.parametrize("size", SIZES)
def test_a_missing_owner_matches_a_known_one_in_either_sample(size: int) -> None:
    known, missing = sample_of(rows("acme", size)), sample_of(rows(None, size))
    half = sample_of([("acme" if number % 2 else None, *row[1:]) for number, row in enumerate(rows(None, size))])
    for one in (known, missing, half):
        for other in (known, missing, half):
            if one is not other:
                assert compared_and_common(one, other) == (min(size, SAMPLED), min(size, SAMPLED))


@pytest.mark.parametrize("size", SIZES)
def test_sets_of_two_known_owners_or_of_two_namespaces_have_nothing_in_common(size: int) -> None:
    for other in (rows("globex", size), rows("acme", size, "other"), rows(None, size, "other")):
        assert compared_and_common(sample_of(rows("acme", size)), sample_of(other))[1] == 0


def test_a_match_says_whether_both_keys_have_the_same_owner() -> None:
    one = sample_of([("acme", "n", "x"), ("acme", "n", "y"), (None, "n", "z"), ("acme", "n", "v")])
    other = sample_of([("acme", "n", "x"), (None, "n", "y"), (None, "n", "z"), ("globex", "n", "v")])
    known, missing, x = (record_key(*row).key for row in (("acme", "n", "y"), (None, "n", "y"), ("acme", "n", "x")))
    z = record_key(None, "n", "z").key
    equal = {Match(x, x, by_owner=True), Match(z, z, by_owner=False)}
    assert one.common(other) == (4, frozenset({Match(known, missing, by_owner=False), *equal}))
    assert other.common(one) == (4, frozenset({Match(missing, known, by_owner=False), *equal}))


def test_a_sample_of_a_set_with_more_is_compared_as_far_as_both_reach() -> None:
    compared, in_both = compared_and_common(sample_of(rows("acme", 1000)), sample_of(rows("acme", 4000)))
    assert 0 < compared == in_both < SAMPLED
    other = sample_of(rows("acme", 100) + rows("acme", 900, "other"))
    compared, in_both = compared_and_common(sample_of(rows("acme", 1000)), other)
    assert in_both < compared / 2


@settings(deadline=None, max_examples=examples(quick=10))
@given(
    st.lists(st.integers(0, 200), max_size=5), st.sampled_from([None, "acme"]), st.integers(0, 200), st.integers(0, 9)
)
def test_the_sample_of_a_union_is_made_of_the_samples(
    sizes: list[int], owner: str | None, more: int, max_plain: int
) -> None:
    sets = [rows(owner, size, f"n{number}") for number, size in enumerate(sizes)] + [rows(None, more, "more")]
    merged = KeySample.merged(sample_of(triples, max_plain) for triples in sets)
    whole = sample_of(triple for triples in sets for triple in triples)
    assert (merged.owned, merged.ownerless) == (whole.owned, whole.ownerless)
    assert merged.size >= min(SAMPLED, sum(sizes) + more)


def test_the_sample_of_nothing_is_empty() -> None:
    assert KeySample.merged([]) == KeySample() == sample_of([])


@pytest.mark.parametrize("group", [0, GROUPS - 1])
def test_a_name_with_many_owners_is_sampled_as_a_whole(group: int) -> None:
    names = (f"r{number}" for number in count())
    name = next(name for name in names if record_key(None, "n", name).key >> GROUP_SHIFT & (GROUPS - 1) == group)
    owners: list[Triple] = [(f"owner {number}", "n", name) for number in range(100)]
    assert sample_of(owners).size == 100
    assert compared_and_common(sample_of(owners), sample_of(owners)) == (100, 100)
