"""Laws of the table of changes: one line each, and no name in it can command a terminal."""

import msgspec
import pytest
from hypothesis import given

from crawler.diff.change import Change, Downloads, FromTo, Reason, Summary, Unknown
from crawler.diff.render import closing, field_text, row, unknown_row
from tests.audit.examples import HOSTILE, RECORDS, record

SUMMARY = Summary(
    old="a", new="b", complete=True, added=1200, removed=0, changed=2, unchanged=5, unknown=0, downloads=None
)


@pytest.mark.parametrize(
    ("field", "old", "new", "text"),
    [
        ("size", 5, 1_200_000, "size 5 bytes -> 1.2 MB"),
        ("size", 1_200_000, 1_200_001, "size 1 200 000 -> 1 200 001"),
        ("size", None, -5, "size none -> -5"),
        ("num_images", 1000, 2, "num_images 1 000 -> 2"),
        (
            "updated_at",
            "2026-11-01T00:00:00.000000Z",
            "2026-11-02T03:04:05.000000Z",
            "updated_at 2026-11-01 00:00 -> 2026-11-02 03:04",
        ),
        (
            "updated_at",
            "2026-11-01T00:00:01.000000Z",
            "2026-11-01T00:00:02.000000Z",
            'updated_at "2026-11-01T00:00:01.000000Z" -> "2026-11-01T00:00:02.000000Z"',
        ),
        ("created_at", None, "2026-11-01T00:00:01.000000Z", "created_at none -> 2026-11-01 00:00"),
        ("is_public", False, True, "is_public false -> true"),
        ("description", None, "a\x1b[2J", 'description none -> "a\\u001b[2J"'),
        ("description", "x" * 50 + "a", "x" * 50 + "b", "description differs"),
        ("extra.zz", {"a": 1}, [1.5], 'extra.zz {"a":1} -> [1.5]'),
        ("tags", ["v1", "v2"], ["v2", "v3"], "tags +v3 -v1"),
        ("tags", ["v1", "v2"], ["v2", "v1"], "tags in another order"),
        ("tags", ["v1"], ["v1", "v1"], "tags repeated"),
        ("tags", [], list("abcdefg"), "tags +a +b +c +d +e and 2 more tags"),
        ("tags", [], ["\u202e"], "tags +\\u202e"),
    ],
)
def test_the_change_of_a_field_is_one_short_text(field: str, old: object, new: object, text: str) -> None:
    assert field_text(field, FromTo(old, new)) == text


def change(**fields: object) -> Change:
    said = {"target": "eu", "center": "self", "domain_name": "acme", "namespace": "team", "name": "app", **fields}
    return Change(change="added", **said)  # type: ignore[arg-type]


def test_a_row_names_the_repository_and_what_changed() -> None:
    assert row(change(record=record())) == ("added", "eu/self", "acme/team/app", "1.0 kB, 2 tags")
    assert row(change(record=record(size=None, tags=["a"]), domain_name=None))[2:] == ("team/app", "1 tag")
    both = {"size": FromTo(1, 2), "status": FromTo(True, None)}
    assert row(change(fields=both)).what == "size 1 byte -> 2 bytes; status true -> none"


@given(RECORDS, HOSTILE, HOSTILE)
def test_no_name_can_command_a_terminal(one: object, old: str, new: str) -> None:
    names = {"domain_name": old, "namespace": old, "name": new, "target": new}
    rows = [
        row(change(record=one, **names)),
        row(change(fields={f"extra.{old}": FromTo(old, new), "tags": FromTo([old], [new])}, **names)),
        unknown_row(Unknown(target=old, center="self", namespace=new, only_old=0, only_new=0, reasons=())),
    ]
    assert all(cell.isprintable() and len(cell) < 3000 for cells in rows for cell in cells)


def test_an_unknown_walk_has_the_reasons_of_each_side() -> None:
    reasons = (Reason("old", "partial", "3 missing"), Reason("new", "rejects", "1 item rejected"))
    of = Unknown(target="eu", center="self", namespace=None, only_old=1200, only_new=0, reasons=reasons)
    assert unknown_row(of) == ("eu/self/*", "1 200", "0", "old: 3 missing; new: 1 item rejected")


@pytest.mark.parametrize(
    ("fields", "walks", "text"),
    [
        ({}, 0, "complete: 1 200 added, 0 removed, 2 changed, 5 unchanged"),
        ({"downloads": Downloads(0, 0)}, 0, "complete: 1 200 added, 0 removed, 2 changed, 5 unchanged"),
        ({"downloads": Downloads(2, -5)}, 0, "\n  downloads -5 in 2 records, not listed"),
        ({"complete": False, "unknown": 1}, 1, "\n  unknown   1 record is in one snapshot only, in 1 walk where"),
        ({"complete": False, "unknown": 2}, 2, "\n  unknown   2 records are in one snapshot only, in 2 walks where"),
    ],
)
def test_the_last_lines_count(fields: dict[str, object], walks: int, text: str) -> None:
    said = closing(msgspec.structs.replace(SUMMARY, **fields), walks)
    assert text in said
    assert said.startswith("complete" if fields.get("complete", True) else "incomplete")
