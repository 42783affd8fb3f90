"""Examples for tests: records and manifests in which no rule finds anything, and hostile text."""

from pathlib import Path
from typing import Any

import msgspec
import orjson
from hypothesis import strategies as st

from crawler.audit.catalogue import RULES
from crawler.audit.finding import Finding, Location, fingerprint
from crawler.emulator.faults.fault import Fault
from crawler.emulator.inventory.ndjson import from_ndjson
from crawler.model.record import Record
from crawler.snapshot.file_entry import FileEntry
from crawler.snapshot.manifest import SCHEMA, Manifest, Requests, WalkEntry
from tests.support.emulator_fixture import crawl, serve, snapshot_of

SOUND = Record(
    target="eu",
    center="self",
    name="app",
    category="other",
    description="what it is",
    size=1000,
    is_public=False,
    num_images=2,
    num_download=0,
    created_at="2026-01-01T00:00:00.000000Z",
    updated_at="2026-11-01T00:00:00.000000Z",
    logo=None,
    url=None,
    path="swr.example/team/app",
    internal_path="10.0.0.1/team/app",
    domain_name="acme",
    namespace="team",
    tags=["latest", "v1"],
    status=True,
)
WALK = WalkEntry(
    target="eu",
    center="self",
    namespace=None,
    verdict="complete",
    declared_totals=(1,),
    records=1,
    distinct=1,
    duplicates=0,
    rejects=0,
    passes=1,
    requests=1,
    limit=100,
    order=None,
)
COMPLETE = Manifest(
    schema=SCHEMA,
    snapshot="20261123T120000Z",
    crawler="1.0",
    started_at="2026-11-23T12:00:00.000000Z",
    finished_at="2026-11-23T12:01:00.000000Z",
    status="complete",
    resumed=0,
    config={},
    walks=(WALK,),
    coverage=(),
    files=(FileEntry(path="center=self/part-00000.ndjson", records=1, bytes=9, sha256="0" * 64),),
    rejects=FileEntry(path="_rejects.ndjson", records=0, bytes=0, sha256="0" * 64),
    unknown_fields=(),
    requests=Requests(by_status={}, retries=0, throttled_s=0.0),
)


def record(**fields: object) -> Record:
    return msgspec.structs.replace(SOUND, **fields)


def manifest(*walks: WalkEntry, **fields: object) -> Manifest:
    held = msgspec.structs.replace(COMPLETE.files[0], records=sum(one.records for one in walks or COMPLETE.walks))
    return msgspec.structs.replace(COMPLETE, **{"walks": walks or COMPLETE.walks, "files": (held,), **fields})


def walk(**fields: object) -> WalkEntry:
    return msgspec.structs.replace(WALK, **fields)


def finding(rule: str = "SWR101", *, location: Location | None = None, **fields: Any) -> Finding:  # noqa: ANN401
    there = location or Location("eu", "self", "acme", "team", "app")
    told = {"message": "is so", "evidence": {}, "file": "center=self/part-00000.ndjson", "line": 1, **fields}
    return Finding(
        rule=rule,
        slug=RULES[rule].slug,
        severity=RULES[rule].severity,
        target=there.target,
        center=there.center,
        domain_name=there.domain_name,
        namespace=there.namespace,
        name=there.name,
        remedy=RULES[rule].remedy,
        fingerprint=fingerprint(rule, there),
        **told,
    )


def item(name: str = "app", **fields: object) -> dict[str, object]:
    """Return an item as the API sends it, with its center; no rule finds anything in it."""
    kept = ("center", "category", "description", "size", "is_public", "num_images", "updated_at", "domain_name")
    sound = {field: getattr(SOUND, field) for field in (*kept, "namespace", "tags", "status")}
    return {**sound, "updated_at": "9999-01-01T00:00:00Z", "name": name, **fields}


def publish(output: Path, *items: dict[str, object], faults: tuple[Fault, ...] = (), **flags: Any) -> Path:  # noqa: ANN401
    """Serve these items, crawl them and return the snapshot's folder."""
    with serve(from_ndjson(map(orjson.dumps, items), source="items"), faults=faults) as served:
        return snapshot_of(crawl(served.endpoint, output, **flags))


# What JSON can hold: everything but lone surrogates, and more of what is meant to harm than chance would draw.
HOSTILE = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    [
        "\x1b[2J\x07",
        "\u202egnp.exe",
        "]]>\x00\x0b\ufffe</testcase>",
        '"><script>alert(1)</script>',
        "[click](https://evil.example) {0} {",
        "a\nb\r\nc\u2028d",
        "x" * 5000,
        "\U0001f600é中",
        "a\\](b",
    ]
)
INT64 = st.integers(-(2**63), 2**63 - 1)
TIMES = st.none() | st.from_regex(
    r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z\Z", fullmatch=True
)
RECORDS = st.builds(
    Record,
    target=HOSTILE,
    center=st.sampled_from(["self", "thirdparty"]),
    name=HOSTILE.filter(bool),
    category=st.none() | HOSTILE,
    description=st.none() | HOSTILE,
    size=st.none() | INT64,
    is_public=st.none() | st.booleans(),
    num_images=st.none() | INT64,
    num_download=st.none() | INT64,
    created_at=TIMES,
    updated_at=TIMES,
    logo=st.none(),
    url=st.none(),
    path=st.none() | HOSTILE,
    internal_path=st.none(),
    domain_name=st.none() | HOSTILE,
    namespace=HOSTILE.filter(bool),
    tags=st.lists(HOSTILE, max_size=3) | st.just(["latest"]),
    status=st.none() | st.booleans(),
)
LOCATIONS = st.builds(Location, *[st.none() | HOSTILE] * 5)
FINDINGS = st.builds(
    lambda rule, location, message, file, line: finding(rule, location=location, message=message, file=file, line=line),
    st.sampled_from(sorted(RULES)),
    LOCATIONS,
    HOSTILE,
    HOSTILE,
    st.integers(1, 10**6),
)
