"""Laws of the manifest: read back as written, and never more than was seen."""

from pathlib import Path
from typing import Any, Final

import msgspec
import orjson
import pytest
from jsonschema import Draft202012Validator, ValidationError

from crawler.model.verdict import Verdict
from crawler.snapshot.file_entry import FileEntry
from crawler.snapshot.manifest import SCHEMA, Lost, Manifest, Requests, WalkEntry, from_json, schemas, to_json
from tests.snapshot import schema_1

VALIDATOR: Final = Draft202012Validator(schemas()["manifest"])
VERDICTS: Final[tuple[Verdict, ...]] = ("complete", "drifted", "partial", "unproven")

WHOLE: Final = WalkEntry(
    target="eu",
    center="self",
    namespace=None,
    verdict="complete",
    declared_totals=(250,),
    records=250,
    distinct=250,
    duplicates=0,
    rejects=0,
    passes=1,
    requests=3,
    limit=100,
    order="name asc",
)
GAPS: Final = (Lost(offset=100, end=200, got=40, reason="short"), Lost(offset=200, end=250, got=0, reason="HTTP 500"))
MANIFEST: Final = Manifest(
    schema=SCHEMA,
    snapshot="20261123T120000Z",
    crawler="1.0",
    started_at="2026-11-23T12:00:00.000000Z",
    finished_at="2026-11-23T12:01:00.000000Z",
    status="incomplete",
    resumed=1,
    config={"output": "ärger\u2028", "targets": [{"name": "eu", "token": "***"}], "rate_per_s": None},
    walks=(WHOLE, msgspec.structs.replace(WHOLE, verdict="partial", namespace="team", order=None, lost=GAPS)),
    coverage=(),
    files=(FileEntry(path="center=self/part-00000.ndjson", records=250, bytes=9, sha256="0" * 64),),
    rejects=FileEntry(path="_rejects.ndjson", records=0, bytes=0, sha256="e3b0" * 16),
    unknown_fields=("zz",),
    requests=Requests(by_status={"200": 3, "none": 1}, retries=1, throttled_s=0.25),
)


def test_a_manifest_reads_back_as_it_was_written() -> None:
    assert from_json(to_json(MANIFEST)) == MANIFEST


def test_a_manifest_is_indented_and_ends_with_one_newline() -> None:
    text = to_json(MANIFEST)
    assert text.startswith(b'{\n  "schema": 2,\n')
    assert text.endswith(b"\n}\n")


def test_the_schema_validates_a_manifest_and_refuses_a_wrong_one() -> None:
    Draft202012Validator.check_schema(schemas()["manifest"])
    Draft202012Validator.check_schema(schemas()["record"])
    content: dict[str, Any] = orjson.loads(to_json(MANIFEST))
    VALIDATOR.validate(content)
    wrongs: list[dict[str, Any]] = [
        {"status": "fine"},
        {"schema": "1"},
        {"walks": [{}]},
        {"files": None},
        {"resumed": 1.5},
    ]
    for wrong in wrongs:
        with pytest.raises(ValidationError):
            VALIDATOR.validate(content | wrong)
    for field in content.keys() - {
        "shrinkage",
        "overlaps",
        "targets",
        "carried_over",
        "partitions",
    }:  # manifests were written before they existed
        with pytest.raises(ValidationError):
            VALIDATOR.validate({name: value for name, value in content.items() if name != field})


def test_the_schema_of_a_manifest_names_every_field_of_a_walk() -> None:
    properties = schemas()["manifest"]["$defs"]["WalkEntry"]["properties"]
    assert set(properties) == set(orjson.loads(msgspec.json.encode(WHOLE)))


@pytest.mark.parametrize("version", [0, 3, 10**6])
def test_a_manifest_of_an_unknown_schema_is_refused_and_the_known_ones_named(version: int) -> None:
    text = to_json(msgspec.structs.replace(MANIFEST, schema=version))
    with pytest.raises(ValueError, match=f"has schema {version}; this version reads the schemas 1 and 2"):
        from_json(text)
    with pytest.raises(ValueError, match=f"has schema {version};"):
        from_json(b'{"all":"else may differ","schema":%d}' % version)


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"null", b"[]", b"{}", b'{"schema":"1"}', b'{"schema":true}', b"\xff", b'{"x":' + b"[" * 100_000],
)
def test_text_that_is_no_manifest_is_called_that(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"^is no manifest: "):
        from_json(text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"status": "incomplete"', b'"status": "fine"'),
        (b'"verdict": "complete"', b'"verdict": "probably"'),
        (b'"resumed": 1,', b""),
        (b'"crawler": "1.0"', b'"crawler": "\xff"'),
        (b'"rate_per_s": null', b'"rate_per_s": ' + b"[" * 100_000),
    ],
)
def test_a_manifest_that_is_damaged_raises_nothing_but_a_value_error(old: bytes, new: bytes) -> None:
    text = to_json(MANIFEST)
    assert old in text
    with pytest.raises(ValueError, match=r"^is (damaged|no manifest): ") as caught:
        from_json(text.replace(old, new))
    assert caught.type is ValueError


@pytest.mark.parametrize("missing", ["snapshot", "walks", "files", "requests"])
def test_a_manifest_without_a_part_is_damaged(missing: str) -> None:
    content = {name: value for name, value in orjson.loads(to_json(MANIFEST)).items() if name != missing}
    with pytest.raises(ValueError, match=f"is damaged: .*{missing}"):
        from_json(orjson.dumps(content))


@pytest.mark.parametrize("verdict", VERDICTS)
def test_the_total_to_compare_records_with_is_the_proven_one_or_else_the_largest_declared(verdict: Verdict) -> None:
    walk = msgspec.structs.replace(WHOLE, verdict=verdict, declared_totals=(3, 9, 5), distinct=5)
    assert walk.declared == (5 if verdict == "complete" else 9)
    silent = msgspec.structs.replace(walk, declared_totals=(), distinct=0)
    assert silent.declared == (0 if verdict == "complete" else None)


@pytest.mark.parametrize(
    ("verdict", "lost", "missing"),
    [
        ("complete", (), 0),
        ("complete", GAPS, 0),
        ("partial", GAPS, 110),
        ("partial", (*GAPS, Lost(offset=0, end=None, got=0, reason="HTTP 500")), None),
        ("drifted", (), None),
        ("unproven", GAPS, None),
    ],
)
def test_missing_records_are_counted_only_where_their_number_can_be_known(
    verdict: Verdict, lost: tuple[Lost, ...], missing: int | None
) -> None:
    records = 140 - WHOLE.rejects - WHOLE.outside if verdict == "partial" else 250
    assert msgspec.structs.replace(WHOLE, verdict=verdict, lost=lost, records=records).missing == missing


def test_what_another_pass_read_is_not_missing() -> None:
    gaps = (Lost(offset=0, end=None, got=0, reason="HTTP 500"), *GAPS)
    walk = msgspec.structs.replace(WHOLE, verdict="partial", declared_totals=(50,), distinct=10, lost=gaps, records=50)
    assert (walk.missing, walk.declared) == (0, 50)
    assert msgspec.structs.replace(walk, records=51).missing is None  # the total is too low: nothing says how many more


def test_missing_records_are_counted_from_what_was_read_and_not_from_what_was_requested() -> None:
    short = (Lost(offset=1, end=2, got=0, reason="the page stayed short"),)  # the page before it was short as well
    walk = msgspec.structs.replace(WHOLE, verdict="partial", declared_totals=(50,), records=10, rejects=0, lost=short)
    assert walk.missing == 40


# --- schema 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("whole", "complete"),
        ("repaired", "complete"),
        ("lost", "partial"),
        ("drifted", "drifted"),
        ("unproven", "unproven"),
    ],
)
def test_a_manifest_of_schema_1_is_read_as_one_of_today(tmp_path: Path, old: str, new: str) -> None:
    text = (schema_1.complete(tmp_path, "old", "2026-11-23T12:00:00.000000Z") / "_manifest.json").read_bytes()
    manifest = from_json(text.replace(b'"repaired"', f'"{old}"'.encode()))
    assert (manifest.schema, manifest.walks[0].verdict, manifest.walks[1].verdict) == (SCHEMA, new, "complete")
    assert manifest.config == {"confirm": True, "body_bytes": 67108864, "allow_partial_coverage": False}
    assert from_json(to_json(manifest)) == manifest
    VALIDATOR.validate(orjson.loads(to_json(manifest)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"verdict": "repaired"', b'"verdict": "mended"'),
        (b'"verdict": "repaired"', b'"verdict": ["repaired"]'),
        (b'"verdict": "repaired", ', b""),
        (b'"resumed": 0,', b""),
        (b'"walks": [', b'"walks": [7, '),
        (b'"walks": [', b'"walks": null, "other": ['),
        (b'"confirm": true', b'"confirm": ' + b"[" * 100_000),
        (b'"0.1.0"', b'"\xff"'),
    ],
)
def test_a_damaged_manifest_of_schema_1_raises_nothing_but_a_value_error(
    tmp_path: Path, old: bytes, new: bytes
) -> None:
    text = (schema_1.complete(tmp_path, "old", "2026-11-23T12:00:00.000000Z") / "_manifest.json").read_bytes()
    assert old in text
    with pytest.raises(ValueError, match=r"^is (damaged|no manifest): ") as caught:
        from_json(text.replace(old, new))
    assert caught.type is ValueError


def test_the_old_verdicts_are_no_verdicts_of_schema_2(tmp_path: Path) -> None:
    text = (schema_1.complete(tmp_path, "old", "2026-11-23T12:00:00.000000Z") / "_manifest.json").read_bytes()
    with pytest.raises(ValueError, match="is damaged"):
        from_json(text.replace(b'"schema": 1', b'"schema": 2'))
