"""Laws of a diff: it is what a naive model says, and nothing is called added or removed that cannot be known."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import jsonschema
import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.diff.change import FIELDS, KEY, NESTED, Change, Downloads, FromTo, Unknown, schema
from crawler.diff.compare import Comparison
from crawler.model.record import Record
from crawler.model.verdict import Verdict
from crawler.model.walk_id import Center
from crawler.snapshot.manifest import Coverage, Lost, Manifest, Overlap, Shrinkage, TargetEntry, WalkEntry
from tests.audit.examples import manifest, record, walk

CENTERS: Final[tuple[Center, ...]] = ("self", "thirdparty")
NAMESPACES: Final = ("a", "b")
VERDICTS: Final[tuple[Verdict, ...]] = ("complete", "drifted", "partial", "unproven")
VALIDATOR: Final = jsonschema.Draft202012Validator(schema())

Keyed = dict[tuple[Center, str, str], Record]


def sort_key(one: Record) -> tuple[str, str, bool, str, str, str]:
    return one.target, one.center, one.domain_name is not None, one.domain_name or "", one.namespace, one.name


class Side(NamedTuple):
    """A snapshot in the model."""

    manifest: Manifest
    records: Keyed


@st.composite
def walks(draw: st.DrawFn, center: Center) -> tuple[tuple[WalkEntry, ...], tuple[Coverage, ...]]:
    """Draw how a center was walked: as a whole, by some namespaces, or not at all."""
    names: tuple[str | None, ...] = draw(
        st.sampled_from([(None,), (), ("a",), ("b",), ("a", "b"), (None,), ("a", "b")])
    )
    sure = st.sampled_from(VERDICTS[:2])
    entries = tuple(
        walk(
            center=center,
            namespace=name,
            verdict=draw(sure | st.sampled_from(VERDICTS)),
            rejects=draw(st.sampled_from([0, 0, 0, 2])),
        )
        for name in names
    )
    if None in names or not draw(st.booleans()):
        return entries, ()
    declared, covered = draw(st.sampled_from([(5, 5), (5, 5), (5, 3), (None, 3), (5, None)]))
    return entries, (Coverage(target="eu", center=center, declared=declared, covered=covered),)


SHRUNK = st.builds(
    Shrinkage,
    target=st.just("eu"),
    center=st.sampled_from(CENTERS),
    namespace=st.sampled_from([None, *NAMESPACES]),
    before=st.just(30),
    now=st.just(3),
    snapshot=st.just("night1"),
)


@st.composite
def sides(draw: st.DrawFn) -> Side:
    drawn = [draw(walks(center)) for center in CENTERS]
    held = draw(
        st.dictionaries(
            st.tuples(st.sampled_from(CENTERS), st.sampled_from(NAMESPACES), st.sampled_from(["x", "y", "z"])),
            st.fixed_dictionaries(
                {
                    "size": st.sampled_from([None, 1, 2]),
                    "num_download": st.sampled_from([None, 1, 5]),
                    "tags": st.sampled_from([[], ["v1"], ["v1", "v2"]]),
                    "domain_name": st.sampled_from([None, "acme"]),
                    "extra": st.sampled_from([msgspec.UNSET, {"zz": 1}, {"zz": True}, {"zz": None}, {"yy": [1]}]),
                }
            ),
        )
    )
    records = {key: record(center=key[0], namespace=key[1], name=key[2], **values) for key, values in held.items()}
    said = manifest(
        *(entry for entries, _ in drawn for entry in entries),
        coverage=tuple(cover for _, coverage in drawn for cover in coverage),
        shrinkage=draw(st.just(()) | st.lists(SHRUNK, max_size=1).map(tuple)),
        config={"allow_partial_coverage": draw(st.booleans()), "allow_shrink": draw(st.booleans())},
    )
    if not any(entries for entries, _ in drawn):
        said = msgspec.structs.replace(said, walks=())
    return Side(said, records)


def sound(entry: WalkEntry) -> bool:
    return entry.verdict == "complete" and entry.rejects == 0


def unaccepted(side: Side) -> tuple[Shrinkage, ...]:
    return () if side.manifest.config["allow_shrink"] else side.manifest.shrinkage


def proves(side: Side, center: Center, namespace: str) -> bool:
    """Return, in the naive way, whether a side proves which records of a namespace do not exist."""
    if any(one.center == center and one.namespace in {None, namespace} for one in unaccepted(side)):
        return False
    own = [entry for entry in side.manifest.walks if entry.center == center]
    if about := [entry for entry in own if entry.namespace in {None, namespace}]:
        return all(map(sound, about))
    covered = any(cover.center == center and cover.uncovered == 0 for cover in side.manifest.coverage)
    return covered and all(map(sound, own))


def fields_that_differ(old: Record, new: Record, ignore: frozenset[str]) -> dict[str, tuple[object, object]]:
    before, after = ({**msgspec.to_builtins(one), "extra": None} for one in (old, new))
    for one, values in ((old, before), (new, after)):
        values.update({f"extra.{name}": value for name, value in (one.extra or {}).items()})
    return {
        name: (before.get(name), after.get(name))
        for name in before.keys() | after.keys()
        if orjson.dumps(before.get(name)) != orjson.dumps(after.get(name))
        and name not in ignore
        and not (name.startswith("extra.") and "extra" in ignore)
    }


def compare(
    old: Side, new: Side, *, ignore: frozenset[str] = frozenset(), list_downloads: bool = False
) -> tuple[list[Change], Comparison]:
    comparison = Comparison(old.manifest, new.manifest, ignore=ignore, list_downloads=list_downloads)
    pairs = sorted(
        ((old.records.get(key), new.records.get(key)) for key in old.records.keys() | new.records.keys()),
        key=lambda pair: sort_key(pair[0] or pair[1]),  # type: ignore[arg-type]  # one of them is there
    )
    found = [comparison.add(*pair) for pair in pairs]
    return [change for change in found if change is not None], comparison


IGNORED = st.frozensets(st.sampled_from([*FIELDS, "extra.zz"]), max_size=2)


@given(old=sides(), new=sides(), ignore=IGNORED, list_downloads=st.booleans())
def test_a_diff_is_what_the_naive_model_says(
    old: Side, new: Side, ignore: frozenset[str], *, list_downloads: bool
) -> None:
    changes, comparison = compare(old, new, ignore=ignore, list_downloads=list_downloads)
    uncompared = ignore if list_downloads else ignore | {"num_download"}
    expected: dict[object, object] = {}
    unknown = 0
    for key in old.records.keys() | new.records.keys():
        before, after = old.records.get(key), new.records.get(key)
        if before is not None and after is not None:
            if fields := fields_that_differ(before, after, uncompared):
                expected[key] = fields
        elif all(proves(side, key[0], key[1]) for side in (old, new)):
            expected[key] = "removed" if after is None else "added"
        else:
            unknown += 1
    assert {
        (change.center, change.namespace, change.name): {
            name: (values.old, values.new) for name, values in change.fields.items()
        }
        if change.fields
        else change.change
        for change in changes
    } == expected
    assert comparison.summary().unknown == unknown


@given(old=sides(), new=sides())
def test_the_counts_add_up_to_what_either_side_holds(old: Side, new: Side) -> None:
    changes, comparison = compare(old, new)
    summary, unknown = comparison.summary(), comparison.unknown()
    on_both = summary.changed + summary.unchanged
    assert summary.removed + on_both + sum(of.only_old for of in unknown) == len(old.records)
    assert summary.added + on_both + sum(of.only_new for of in unknown) == len(new.records)
    assert len(changes) == summary.added + summary.removed + summary.changed
    assert summary.unknown == sum(of.only_old + of.only_new for of in unknown)


@given(old=sides(), new=sides())
def test_a_diff_of_a_snapshot_that_is_not_proven_is_not_complete(old: Side, new: Side) -> None:
    _, comparison = compare(old, new)
    doubtful = [
        side
        for side in (old, new)
        if not all(map(sound, side.manifest.walks))
        or unaccepted(side)
        or not (
            side.manifest.config["allow_partial_coverage"]
            or all(cover.uncovered == 0 for cover in side.manifest.coverage)
        )
    ]
    if doubtful:
        assert not comparison.summary().complete
    assert all(of.reasons for of in comparison.unknown())
    assert comparison.summary().complete == (comparison.unknown() == ())


@given(old=sides(), new=sides())
def test_every_line_is_as_the_schema_says_and_in_order(old: Side, new: Side) -> None:
    changes, comparison = compare(old, new)
    for line in (*changes, *comparison.unknown(), comparison.summary()):
        VALIDATOR.validate(orjson.loads(msgspec.json.encode(line)))
    places = [(of.target, of.center, of.namespace or "") for of in comparison.unknown()]
    assert places == sorted(set(places))


@given(one=sides())
def test_a_snapshot_differs_in_nothing_from_itself(one: Side) -> None:
    changes, comparison = compare(one, one)
    summary = comparison.summary()
    assert (changes, summary.unchanged, summary.unknown) == ([], len(one.records), 0)


# --- reasons


NOT_KNOWN: Final = "1 record read, how many are missing is not known"


def keyed(*held: Record) -> Keyed:
    return {(one.center, one.namespace, one.name): one for one in held}


WHOLE: Final = Side(manifest(), keyed(record()))
EMPTY: Final = Side(manifest(), {})


def by_namespaces(*names: str, declared: int | None = None, covered: int | None = None, partial: bool = False) -> Side:
    coverage = Coverage(target="eu", center="self", declared=declared, covered=covered)
    said = manifest(
        *(walk(namespace=name) for name in names), coverage=(coverage,), config={"allow_partial_coverage": partial}
    )
    return Side(said if names else msgspec.structs.replace(said, walks=()), {})


def unknown_of(old: Side, new: Side) -> tuple[Unknown, ...]:
    return compare(old, new)[1].unknown()


@pytest.mark.parametrize(
    ("entry", "reason", "text"),
    [
        (
            walk(verdict="drifted", passes=3),
            "drifted",
            f"is drifted: its items moved during each of 3 passes; {NOT_KNOWN}",
        ),
        (
            walk(verdict="unproven"),
            "unproven",
            f"is unproven: the service declared no reliable total; {NOT_KNOWN}",
        ),
        (walk(rejects=1), "rejects", "had 1 item that could not be read as records"),
        (
            walk(verdict="partial", declared_totals=(9,), lost=(Lost(offset=0, end=9, got=1, reason=""),)),
            "partial",
            "is partial: 1 window not read; 1 record read, 8 missing",
        ),
        (
            walk(verdict="partial", declared_totals=(9,), lost=(Lost(offset=0, end=None, got=0, reason=""),) * 2),
            "partial",
            f"is partial: 2 windows not read; {NOT_KNOWN}",
        ),
    ],
)
def test_a_walk_that_is_not_proven_is_unknown_and_says_why(entry: WalkEntry, reason: str, text: str) -> None:
    for first, second, side in ((Side(manifest(entry), {}), WHOLE, "old"), (WHOLE, Side(manifest(entry), {}), "new")):
        (of,) = unknown_of(first, second)
        assert [(why.snapshot, why.reason, why.text) for why in of.reasons] == [(side, reason, f"the center {text}")]
        assert (of.namespace, of.only_old, of.only_new) == (None, int(side == "new"), int(side == "old"))


def test_a_center_that_was_not_walked_is_unknown() -> None:
    (of,) = unknown_of(WHOLE, Side(msgspec.structs.replace(manifest(), walks=()), {}))
    assert (of.namespace, of.only_old, of.reasons[0].text) == (None, 1, "this center was not walked")


def test_a_namespace_that_was_not_walked_is_unknown_unless_the_others_cover_the_center() -> None:
    (rest, of) = unknown_of(WHOLE, by_namespaces("other", declared=3, covered=1))
    assert (of.namespace, of.only_old, of.reasons[0].text) == ("team", 1, "this namespace was not walked")
    assert rest.namespace is None
    assert rest.reasons[0].text == "the center holds 2 of 3 declared records in no namespace walked"
    changes, comparison = compare(WHOLE, by_namespaces("other", declared=1, covered=1))
    assert ([change.change for change in changes], comparison.unknown()) == (["removed"], ())


def test_a_center_found_to_have_no_namespace_at_all_is_proven_to_be_empty() -> None:
    assert [change.change for change in compare(WHOLE, by_namespaces(declared=0, covered=0))[0]] == ["removed"]


def test_partial_coverage_that_was_accepted_is_not_unknown() -> None:
    side = by_namespaces("team", declared=3, covered=1, partial=True)
    assert unknown_of(side, side) == ()
    side = by_namespaces("team", declared=3, covered=None)
    (of,) = unknown_of(side, side)
    text = "the center may hold records in no namespace walked: how many is not known"
    assert [why.text for why in of.reasons] == [text] * 2


def test_what_shrank_is_unknown_unless_the_run_accepted_it() -> None:
    shrank = Shrinkage(target="eu", center="self", namespace=None, before=3000, now=0, snapshot="night1")
    (of,) = unknown_of(WHOLE, Side(manifest(shrinkage=(shrank,)), {}))
    assert (of.namespace, of.only_old, of.only_new) == (None, 1, 0)
    assert [(why.snapshot, why.reason, why.text) for why in of.reasons] == [
        ("new", "shrank", "the center shrank from 3 000 to 0 records since snapshot night1")
    ]
    accepted = Side(manifest(shrinkage=(shrank,), config={"allow_shrink": True}), {})
    assert [change.change for change in compare(WHOLE, accepted)[0]] == ["removed"]


def test_a_namespace_that_vanished_is_unknown_though_the_rest_covers_the_center() -> None:
    shrank = Shrinkage(target="eu", center="self", namespace="team", before=30, now=0, snapshot="night1")
    rest = by_namespaces("other", declared=1, covered=1)
    vanished = rest._replace(manifest=msgspec.structs.replace(rest.manifest, shrinkage=(shrank,)))
    for old in (WHOLE, vanished):  # two nights without the namespace differ in nothing, but neither is complete
        of = next(of for of in unknown_of(old, vanished) if of.namespace == "team")
        assert of.only_old == len(old.records)
        assert {why.text for why in of.reasons} == {"the namespace shrank from 30 to 0 records since snapshot night1"}


def test_an_unproven_walk_of_all_namespaces_is_unknown_also_when_the_other_side_walked_none() -> None:
    (of,) = unknown_of(Side(manifest(walk(verdict="partial")), {}), by_namespaces(declared=0, covered=0))
    assert [why.snapshot for why in of.reasons] == ["old"]


def test_what_a_target_lacks_is_unknown_when_its_two_centers_were_one_list() -> None:
    said = manifest(overlaps=(Overlap(target="eu", compared=2, in_both=2), Overlap(target="x", compared=2, in_both=0)))
    (of,) = unknown_of(WHOLE, Side(said, {}))
    assert (of.only_old, [why.reason for why in of.reasons]) == (1, ["equal centers"])
    assert of.reasons[0].text.startswith("the target has 2 of 2 repositories compared in both centers, as if ")
    drifted = msgspec.structs.replace(said, walks=(walk(verdict="drifted"),))
    (of,) = unknown_of(WHOLE, Side(drifted, {}))
    assert [why.reason for why in of.reasons] == ["drifted"]
    (of,) = unknown_of(WHOLE, Side(msgspec.structs.replace(said, walks=()), {}))
    assert [why.reason for why in of.reasons] == ["equal centers"]


def test_a_record_only_seen_in_a_walk_that_is_proven_on_both_sides_is_added() -> None:
    (change,) = compare(EMPTY, WHOLE)[0]
    assert (change.change, change.record, change.fields) == ("added", record(), msgspec.UNSET)
    assert [getattr(change, field) for field in KEY] == ["eu", "self", "acme", "team", "app"]


# --- fields


def change_of(old: Mapping[str, object], new: Mapping[str, object], **options: object) -> dict[str, FromTo]:
    sides_of = [Side(manifest(), keyed(record(**values))) for values in (old, new)]
    changes, _ = compare(*sides_of, **options)  # type: ignore[arg-type]
    return (changes[0].fields or {}) if changes else {}


@pytest.mark.parametrize("field", [field for field in FIELDS if field not in NESTED])
def test_every_field_is_compared_but_those_ignored(field: str) -> None:
    options: dict[str, object] = {"list_downloads": True}
    assert change_of({field: None}, {field: 1}, **options) == {field: FromTo(None, 1)}
    assert change_of({field: None}, {field: 1}, ignore=frozenset({field}), **options) == {}


def test_a_value_that_could_not_be_read_differs_when_what_was_sent_differs() -> None:
    big = {"size": None, "invalid": {"size": "big"}}
    assert change_of(big, big) == {}
    assert change_of(big, {"size": None, "invalid": {"size": "large"}}) == {"invalid.size": FromTo("big", "large")}
    assert change_of({"size": 5}, big) == {"size": FromTo(5, None), "invalid.size": FromTo(None, "big")}
    for ignored in ("size", "invalid", "invalid.size"):
        assert change_of(big, {"size": None, "invalid": {"size": "large"}}, ignore=frozenset({ignored})) == {}
    assert change_of({"size": 5}, big, ignore=frozenset({"size"})) == {}
    assert change_of({"invalid": {"num_download": "x"}}, {"invalid": {"num_download": "y"}}) == {}


@pytest.mark.parametrize(("old", "new"), [(None, "acme"), ("acme", None), ("", "acme"), (None, "")])
def test_an_owner_that_became_known_or_unknown_is_a_change(old: str | None, new: str | None) -> None:
    sides_of = [Side(manifest(), keyed(record(domain_name=owner))) for owner in (old, new)]
    ((change,), _) = compare(*sides_of)
    assert (change.change, change.fields) == ("changed", {"domain_name": FromTo(old, new)})
    assert change.domain_name == (old or new or None)
    assert compare(*sides_of, ignore=frozenset({"domain_name"}))[0] == []


def test_one_is_neither_true_nor_a_fraction() -> None:
    assert change_of({"extra": {"zz": [1]}}, {"extra": {"zz": [True]}}) == {"extra.zz": FromTo([1], [True])}
    assert change_of({"extra": {"zz": {"a": 1, "b": 2}}}, {"extra": {"zz": {"b": 2, "a": 1}}}) == {}


@pytest.mark.parametrize(
    ("old", "new", "counted"),
    [(1, 5, Downloads(1, 4)), (5, 1, Downloads(1, -4)), (None, 5, Downloads(1, 0)), (5, 5, Downloads(0, 0))],
)
def test_downloads_are_counted_and_not_listed(old: int | None, new: int, counted: Downloads) -> None:
    pair = [Side(manifest(), keyed(record(num_download=number))) for number in (old, new)]
    changes, comparison = compare(*pair)
    assert (changes, comparison.summary().downloads, comparison.summary().unchanged) == ([], counted, 1)
    assert compare(*pair, ignore=frozenset({"num_download"}))[1].summary().downloads is None
    listed, comparison = compare(*pair, list_downloads=True)
    assert (len(listed), comparison.summary().downloads) == (int(old != new), None)


def test_records_that_are_equal_line_by_line_are_counted_as_unchanged() -> None:
    comparison = Comparison(manifest(), manifest())
    comparison.add_unchanged(7)
    assert comparison.summary().unchanged == 7


def test_a_pair_without_a_record_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="nothing"):
        Comparison(manifest(), manifest()).add(None, None)


def test_what_a_target_that_failed_holds_is_unknown_in_the_centers_that_it_did_not_publish() -> None:
    failed = TargetEntry(name="eu", state="failed", planned=2, published=1, kind="unavailable", reason="no answer")
    said = manifest(walk(), status="incomplete", targets=(failed,))
    (of,) = unknown_of(WHOLE, Side(said, {}))
    assert (of.center, [(why.reason, why.snapshot) for why in of.reasons]) == ("thirdparty", [("target failed", "new")])
