"""Two keys are of one repository when they are equal, or when one of them has no owner."""

import pytest

from crawler.diff.pairing import JoinKey, order_of, paired

A, B = JoinKey("a", "n", "x"), JoinKey("b", "n", "x")
NULL, EMPTY = JoinKey(None, "n", "x"), JoinKey("", "n", "x")


@pytest.mark.parametrize(
    ("old", "new", "pairs"),
    [
        ([], [], []),
        ([A], [], [(A, None)]),
        ([], [A], [(None, A)]),
        ([A], [B], [(A, None), (None, B)]),
        ([A], [NULL], [(A, NULL)]),
        ([EMPTY], [A], [(EMPTY, A)]),
        ([NULL], [EMPTY], [(NULL, EMPTY)]),
        ([B, A], [NULL], [(A, NULL), (B, None)]),
        ([NULL], [B, A], [(NULL, A), (None, B)]),
        ([JoinKey(None, "n", "y")], [A, JoinKey(None, "m", "x")], "none"),
    ],
)
def test_a_key_has_one_partner_or_none(
    old: list[JoinKey], new: list[JoinKey], pairs: list[tuple[JoinKey | None, JoinKey | None]] | str
) -> None:
    found = list(paired(old, new))
    if pairs == "none":
        pairs = sorted([*((key, None) for key in old), *((None, key) for key in new)], key=order_of)
    assert found == pairs
    assert sorted(found, key=order_of) == found


def test_keys_are_in_the_order_of_their_names_and_then_of_their_owners() -> None:
    keys = [JoinKey("z", "m", "z"), NULL, EMPTY, A, B, JoinKey(None, "n", "y")]
    mixed = keys[::-1]
    assert sorted(mixed, key=lambda key: key.order) == keys
    assert {key.names for key in keys[1:5]} == {("n", "x")}
