"""A KeySet is a set, in its plain form and in its compact one."""

import sys
from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crawler.model.key_set import GROUP_SHIFT, GROUPS, KeySet
from tests.support.examples import examples

LEAST, MOST = 0, 2**64 - 1

# Nearly all in one bucket and of two octets: the bytes across two neighbours often look like a third key.
alike = st.lists(st.sampled_from(b"\0\1"), min_size=6, max_size=6).map(lambda octets: int.from_bytes(octets, "big"))
keys = st.one_of(alike.map(lambda high: high << 16), st.integers(LEAST, MOST), st.sampled_from([LEAST, 2**63, MOST]))
pages = st.lists(st.lists(keys, max_size=30), max_size=6)
max_plain = st.integers(0, 40)


def key_set_of(pages: list[list[int]], max_plain: int) -> KeySet:
    key_set = KeySet(max_plain)
    for page in pages:
        key_set.update(page)
    return key_set


@given(pages, max_plain)
@example([[LEAST, 2**63, MOST], [LEAST, 2**63, MOST]], 3)
def test_after_every_page_it_holds_what_a_plain_set_holds(pages: list[list[int]], max_plain: int) -> None:
    key_set, model = KeySet(max_plain), set[int]()
    for page in pages:
        assert key_set.issuperset(page) == model.issuperset(page)
        key_set.update(page)
        model.update(page)
        assert len(key_set) == len(model)
        assert Counter(key_set) == Counter(model)
        assert key_set.issuperset(page)


@given(pages, st.lists(keys), max_plain)
def test_it_contains_no_key_that_was_not_added(pages: list[list[int]], others: list[int], max_plain: int) -> None:
    key_set, model = key_set_of(pages, max_plain), set[int]().union(*pages)
    assert [key_set.issuperset([key]) for key in others] == [key in model for key in others]


@given(pages, max_plain, max_plain)
def test_neither_the_order_of_the_pages_nor_the_form_changes_its_content(
    pages: list[list[int]], max_plain: int, other_max_plain: int
) -> None:
    one, other = key_set_of(pages, max_plain), key_set_of(pages[::-1], other_max_plain)
    assert len(one) == len(other)
    assert sorted(one) == sorted(other)


@given(st.integers(0, 2**16 - 1), st.binary(min_size=12, max_size=12))
def test_bytes_across_two_neighbouring_keys_are_no_key(low: int, high: bytes) -> None:
    def key(octets: bytes) -> int:
        return int.from_bytes(low.to_bytes(2, "little") + octets, "little")

    key_set = KeySet(max_plain=0)
    key_set.update([key(high[:6]), key(high[6:])])
    for at in range(7):
        assert key_set.issuperset([key(high[at : at + 6])]) == (high[at : at + 6] in {high[:6], high[6:]})


@pytest.mark.parametrize("key", [LEAST - 1, MOST + 1])
def test_a_number_beyond_64_bits_is_refused_and_changes_nothing(key: int) -> None:
    key_set = KeySet(max_plain=1)
    key_set.update([1, 2])
    with pytest.raises(OverflowError):
        key_set.update([3, key])
    assert sorted(key_set) == [1, 2]


def test_a_compact_set_holds_many_pages() -> None:
    key_set = KeySet()
    for first in range(0, 150_000, 1000):
        key_set.update(range(first, first + 1000))
    assert len(key_set) == 150_000
    assert key_set.issuperset(range(150_000))
    assert not key_set.issuperset([150_000])


@given(st.lists(keys), max_plain)
def test_a_key_is_new_once(given_keys: list[int], max_plain: int) -> None:
    key_set, model = KeySet(max_plain), set[int]()
    for key in given_keys:
        assert key_set.add(key) == (key not in model)
        model.add(key)


def test_bytes_across_two_neighbours_in_a_bucket_are_no_key() -> None:
    one, other, across = (int.from_bytes(b"\0\0" + rest, sys.byteorder) for rest in (b"abcdef", b"ghijkl", b"defghi"))
    key_set = KeySet(max_plain=0)
    assert [key_set.add(one), key_set.add(other)] == [True, True]  # one behind the other
    assert not key_set.issuperset([across])
    assert key_set.update([other, one]) == 0
    assert key_set.add(across)
    assert set(key_set) == {one, other, across}


@settings(deadline=None, max_examples=examples(quick=10))
@given(pages, max_plain)
@example([[0, 1, 2**8, 2**48, 2**63, MOST]], 0)
@example([[0, 1, 2**8, 2**48, 2**63, MOST]], 9)
def test_the_groups_are_the_keys_by_the_number_of_their_group(pages: list[list[int]], max_plain: int) -> None:
    groups = list(key_set_of(pages, max_plain).groups())
    assert len(groups) == GROUPS
    assert Counter(key for group in groups for key in group) == Counter(set[int]().union(*pages))
    assert all(key >> GROUP_SHIFT & (GROUPS - 1) == number for number, group in enumerate(groups) for key in group)
