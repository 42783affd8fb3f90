"""A missing owner matches a known one, two known owners are two, and a set counts exactly that."""

import os
import subprocess
import sys
from collections.abc import Iterable
from itertools import combinations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crawler.model import record
from crawler.model.identity import IdentitySet
from crawler.model.key_set import MAX_PLAIN
from crawler.model.record import (
    RecordKey,
    add_owner_parts,
    differ_by_owner,
    names_of,
    owner_part,
    owner_parts_seen,
    record_key,
)
from tests.support.examples import examples

Triple = tuple[str | None, str, str]

owners = st.sampled_from([None, "", "acme", "globex", "initech", "é" * 300])
triples: st.SearchStrategy[Triple] = st.tuples(owners, st.sampled_from(["a", "b", "ab"]), st.sampled_from(["a", "b"]))
pages = st.lists(st.lists(triples, max_size=8), max_size=6)
max_plain = st.integers(0, 10)


def added(key_set: IdentitySet, page: Iterable[Triple]) -> int:
    """Add a page like a walk does; return how many keys are new."""
    keys = [record_key(*triple) for triple in page]
    return key_set.update([key.key for key in keys], tuple(key.key for key in keys if not key.has_owner))


def set_of(pages: Iterable[Iterable[Triple]], max_plain: int = MAX_PLAIN) -> IdentitySet:
    key_set = IdentitySet(max_plain)
    for page in pages:
        added(key_set, page)
    return key_set


def distinct(pages: Iterable[Iterable[Triple]]) -> set[Triple]:
    return {(owner or None, namespace, name) for page in pages for owner, namespace, name in page}


def identities_of(pages: Iterable[Iterable[Triple]]) -> set[Triple]:
    """Return the repositories, in the plainest way."""
    seen = distinct(pages)
    known = {(namespace, name) for owner, namespace, name in seen if owner}
    return {triple for triple in seen if triple[0] or triple[1:] not in known}


@settings(deadline=None, max_examples=examples(quick=10))
@given(pages, max_plain)
@example([[("acme", "a", "a"), (None, "a", "a")], [("globex", "a", "a"), ("", "b", "a")]], 1)
def test_after_every_page_a_set_counts_the_keys_and_the_repositories(pages: list[list[Triple]], max_plain: int) -> None:
    key_set = IdentitySet(max_plain)
    for number, page in enumerate(pages, 1):
        before = distinct(pages[: number - 1])
        assert added(key_set, page) == len(distinct(pages[:number]) - before)
        assert len(key_set) == len(list(key_set)) == len(distinct(pages[:number]))
        assert key_set.identities() == len(identities_of(pages[:number]))
        assert key_set.identities() == key_set.identities()
        assert key_set.issuperset([record_key(*triple).key for triple in page])


@settings(deadline=None, max_examples=examples(quick=10))
@given(st.lists(triples, max_size=8), st.lists(triples, max_size=8), max_plain, max_plain)
@example([("acme", "a", "a"), ("acme", "b", "a")], [(None, "b", "a"), (None, "a", "a")], 1, 0)
@example([("acme", "a", "a")], [("globex", "a", "a")], 1, 0)
@example([("acme", "a", "a"), (None, "a", "b")], [(None, "a", "a"), ("acme", "a", "b"), ("", "a", "a")], 1, 0)
def test_two_passes_have_matching_fingerprints_if_they_read_the_same_repositories(
    one: list[Triple], other: list[Triple], max_plain: int, other_max_plain: int
) -> None:
    def names(page: list[Triple]) -> list[tuple[str, str]]:
        return sorted(triple[1:] for triple in identities_of([page]))

    def forms(page: list[Triple]) -> set[bool]:
        return {bool(owner) for owner, _, _ in page}

    expected = names(one) == names(other)
    if forms(one) == forms(other) and len(forms(one)) == 1:
        expected = distinct([one]) == distinct([other])
    first, second = set_of([one], max_plain).fingerprint(), set_of([other], other_max_plain).fingerprint()
    assert first.matches(second) == second.matches(first) == expected


def test_a_fingerprint_tells_owners_apart_where_all_records_have_one() -> None:
    acme, globex, missing = ([[(owner, "n", name) for name in "xyz"]] for owner in ("acme", "globex", None))
    some = [[("acme", "n", "x"), (None, "n", "y"), (None, "n", "z"), (None, "n", "x")]]
    known, others, none, mixed = (set_of(pages).fingerprint() for pages in (acme, globex, missing, some))
    assert known.matches(set_of(acme).fingerprint())
    assert not known.matches(others)
    assert known.matches(none)
    assert mixed.matches(known)
    assert mixed.matches(none)
    assert not mixed.matches(set_of([some[0][1:3]]).fingerprint())


def test_a_set_in_which_no_record_or_every_record_has_an_owner_has_as_many_repositories_as_keys() -> None:
    known: list[list[Triple]] = [[(owner, "n", "x") for owner in ("a", "b", "c")]]
    missing: list[list[Triple]] = [[(None, "n", name) for name in "xyz"]]
    for found in (set_of(known), set_of(missing)):
        assert (len(found), len(set(found)), found.identities()) == (3, 3, 3)
    for both in (set_of(known + missing), set_of(missing + known), set_of([[*known[0], *missing[0]]])):
        assert (len(both), both.identities(), both.identities()) == (6, 5, 5)


def test_a_key_of_a_reject_matches_no_record() -> None:
    found = set_of([[(None, "n", "x")]])
    found.update([record_key("acme", "n", "x").key ^ 2**8, record_key(None, "n", "x").key ^ 1])
    assert (len(found), found.identities()) == (3, 3)


def test_what_a_set_lacks_is_not_in_it() -> None:
    found = set_of([[("acme", "n", "x"), (None, "n", "y")]])
    known, missing, other = (record_key(*one).key for one in (("acme", "n", "x"), (None, "n", "y"), (None, "n", "z")))
    assert found.issuperset([known, missing])
    assert not found.issuperset([known, other])
    only = set_of([[("acme", "n", "x")]])
    assert only.issuperset([known])
    assert not only.issuperset([known, other])


def test_owners_change_a_key_in_bits_of_their_own_and_names_in_all() -> None:
    keys = [record_key(owner, "n", "x") for owner in (None, "", "acme", "globex", "x" * 1000)]
    assert len({key.without_owner for key in keys}) == 1
    assert [key.has_owner for key in keys] == [False, False, True, True, True]
    assert {key.key ^ key.without_owner for key in keys} == {
        owner_part(owner) for owner in ("", "acme", "globex", "x" * 1000)
    }
    assert {names_of(key.key) for key in keys} == {names_of(keys[0].key)}
    assert all(differ_by_owner(keys[0].key, key.key) for key in keys[2:])
    assert not differ_by_owner(keys[0].key, record_key("acme", "n", "y").key)
    assert len({key.key for key in keys[2:]}) == 3


def test_the_cache_of_owners_holds_few_and_short_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "_MOST_CACHED", len(record.CACHED_PARTS))
    before = dict(record.CACHED_PARTS)
    many = [f"a new owner {number}" for number in range(100)]
    parts = [owner_part(owner) for owner in many]
    assert before == record.CACHED_PARTS
    assert parts == [owner_part(owner) for owner in many]
    found = set_of([[(owner, "n", "x") for owner in many], [(None, "n", "x")]])
    assert found.identities() == len(set(parts)) == 100


def test_owners_of_one_name_are_told_from_each_other_and_from_a_missing_one() -> None:
    every: list[Triple] = [("first", "n", "x"), ("second", "n", "x"), (None, "n", "x")]
    for count in (1, 2, 3):
        for page in combinations(every, count):
            assert set_of([page]).identities() == len(identities_of([page]))
            assert len(set_of([page])) == count


def test_a_record_has_the_same_key_in_every_process() -> None:
    program = "from crawler.model.record import record_key; print(record_key('acme', 'team', 'web').key)"
    keys = {
        subprocess.check_output([sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed})  # noqa: S603
        for seed in ("1", "2")
    }
    assert keys == {b"%d\n" % record_key("acme", "team", "web").key}


def test_a_record_key_is_a_pair_of_64_bit_numbers() -> None:
    key: RecordKey = record_key("acme", "n", "x")
    assert all(0 <= number < 2**64 for number in key[:2])


def test_an_owner_that_another_process_has_seen_is_known_when_its_part_was_taken() -> None:
    program = (
        "from crawler.model.record import owner_parts_seen, record_key\n"
        "print(record_key('seen elsewhere', 'n', 'x').key, *owner_parts_seen())"
    )
    key, *parts = map(int, subprocess.check_output([sys.executable, "-c", program]).split())  # noqa: S603 - ourselves
    ownerless = record_key(None, "n", "x").key
    assert not differ_by_owner(key, ownerless)
    add_owner_parts(parts)
    assert differ_by_owner(key, ownerless)
    assert set(parts) <= set(owner_parts_seen())


def test_a_large_set_of_two_generations_is_counted_exactly() -> None:
    names = [f"r{number}" for number in range(MAX_PLAIN + 10_000)]
    found = set_of([[("acme", "n", name) for name in names], [(None, "n", name) for name in names[::7]]])
    assert len(found) == len(names) + len(names[::7])
    assert found.identities() == len(names)
    missing: list[Triple] = [(None, "m", name) for name in names[:1000]]
    added(found, missing)
    assert found.identities() == len(names) + 1000


def test_a_set_knows_a_repository_with_its_owner_and_without() -> None:
    owned = [record_key("first", "n", "a"), record_key("acme", "n", "a"), record_key("acme", "n", "b")]
    bare = [record_key("", "n", name) for name in "abc"]
    with_owners, without = IdentitySet(), IdentitySet()
    with_owners.update([key.key for key in owned])
    without.update([key.key for key in bare[:2]], [key.key for key in bare[:2]])
    a, b, c = (key.key for key in bare)
    assert with_owners.knows([a, b], [a, b])
    assert not with_owners.knows([c], [c])
    assert without.knows([owned[1].key, owned[2].key], ())
    assert not without.knows([record_key("acme", "n", "c").key], ())
