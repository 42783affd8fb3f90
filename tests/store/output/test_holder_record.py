"""What the record of a holder proves, row by row of the table, and its text."""

from typing import Final

import msgspec
import pytest

from crawler.store.output.holder_record import RECORD_BYTES, HolderRecord, from_bytes, judge, to_bytes

FOUND: Final = HolderRecord(
    host="one", pid=7, since="2026-11-23T11:00:00Z", nonce="a" * 32, snapshot="s", boot="boot-1", lock=(1, 2), beats=3
)
OURS: Final = msgspec.structs.replace(FOUND, host="two", pid=8, nonce="b" * 32)


def test_without_a_record_nobody_holds_the_output() -> None:
    assert judge(None, OURS) == "nobody"


def test_the_holder_is_dead_when_its_own_lock_was_granted_to_us_in_the_same_boot() -> None:
    assert judge(to_bytes(FOUND), OURS) == "dead"


@pytest.mark.parametrize(
    ("found", "ours"),
    [
        ({"boot": "boot-2"}, {}),  # another system, or this one before it was started anew
        ({"lock": (1, 3)}, {}),  # another file
        ({"lock": (2, 2)}, {}),  # another mount
        ({"lock": None}, {}),  # it had no lock that could be freed
        ({}, {"lock": None}),  # we have none
        ({"lock": None}, {"lock": None}),
        ({"boot": ""}, {"boot": ""}),  # the system does not say which boot it is
        ({"host": "two", "pid": 8, "boot": "boot-2"}, {}),  # a name and a number prove nothing
    ],
)
def test_everything_else_is_watched(found: dict[str, object], ours: dict[str, object]) -> None:
    theirs = to_bytes(msgspec.structs.replace(FOUND, **found))
    assert judge(theirs, msgspec.structs.replace(OURS, **ours)) == "watch"


@pytest.mark.parametrize("text", [b"", b"{", b"\0" * RECORD_BYTES, b"\xff", b"[" * 9999, b'{"pid":1}', b"null"])
def test_a_damaged_record_is_watched(text: bytes) -> None:
    assert from_bytes(text) is None
    assert judge(text, OURS) == "watch"


def test_every_record_has_the_same_size_so_that_no_reader_finds_half_of_one() -> None:
    longest = msgspec.structs.replace(FOUND, host="h" * 64, snapshot="s" * 64, beats=10**12, lock=(2**64 - 1,) * 2)
    for record in (HolderRecord(host="", pid=1, since=""), FOUND, longest):
        text = to_bytes(record)
        assert len(text) == RECORD_BYTES
        assert text.endswith(b"\n")
        assert from_bytes(text) == record


def test_a_record_of_an_earlier_version_names_its_run() -> None:
    record = from_bytes(b'{"pid":1,"host":"gone","since":"then","snapshot":"old"}')
    assert str(record) == "process 1 on gone (snapshot old, since then)"
    assert str(HolderRecord(host="one", pid=7, since="then")) == "process 7 on one (since then)"
