"""What a crawl found is a value: it goes through JSON to another process, and the same manifest is made of it there."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from functools import partial
from itertools import product
from pathlib import Path
from typing import Final

import msgspec
import pytest

from crawler.config.credentials.target import Target
from crawler.crawl import run_end
from crawler.crawl.clients.pool import open_clients
from crawler.crawl.ending.evidence import CenterEvidence, Evidence, TargetEvidence
from crawler.crawl.ending.snapshot_of import NOT_COMPARED, Compared, RunFacts, snapshot_of
from crawler.crawl.observing.observer import Observer
from crawler.crawl.planning.schedule import make_targets
from crawler.emulator.inventory.ndjson import synthetic
from crawler.model.clock import Clock
from crawler.model.key_sample import KeySample
from crawler.model.stop_reason import StopReason
from crawler.model.window import Order
from crawler.snapshot.coverage import CenterTotal
from crawler.snapshot.file_entry import FileEntry
from crawler.snapshot.manifest import Manifest, Overlap, Shrinkage
from crawler.walk.server_profile import ServerProfile
from tests.audit.examples import walk
from tests.support.emulator_fixture import TOKEN, configure, crawl, serve
from tests.support.running import run_crawl

MOMENT: Final = datetime(2026, 1, 2, tzinfo=UTC)
NIGHT: Final = RunFacts("night", MOMENT, MOMENT, 1, {"targets": []})
PROFILE: Final = ServerProfile(100, (Order("name", "asc"), None), filtered=True, may_change=False)


THREE: Final = walk(declared_totals=(3,), records=3, distinct=3)
WHOLE: Final = Evidence(
    walks=(THREE,),
    targets=(
        TargetEvidence(
            name="eu",
            planned=1,
            by_status={"200": 2, "none": 1},
            retries=1,
            throttled_s=0.5,
            unknown_fields=("new",),
            profile=PROFILE,
        ),
    ),
    centers=(CenterEvidence(target="eu", center="self", sample=KeySample(frozenset({2**64 - 1, 0}), frozenset({5}))),),
    owner_parts=(2**47,),
    files=(FileEntry(path="center=self/part-00000.ndjson", records=3, bytes=9, sha256="0" * 64),),
)
FAILED: Final = TargetEvidence(name="us", planned=2, kind="credentials", reason="refused", by_status={"401": 1})


def test_evidence_is_the_same_after_a_way_through_json() -> None:
    for one in (WHOLE, msgspec.structs.replace(WHOLE, stop_reason=StopReason("signal", 2), is_census_done=False)):
        assert msgspec.json.decode(msgspec.json.encode(one), type=Evidence) == one


def test_the_manifest_of_complete_walks_is_complete() -> None:
    manifest = snapshot_of(WHOLE, NIGHT)
    assert manifest.status == "complete"
    assert (manifest.walks, manifest.files) == (WHOLE.walks, WHOLE.files)
    assert (manifest.rejects.records, manifest.rejects.bytes) == (0, 0)
    assert manifest.unknown_fields == ("new",)
    assert manifest.requests.by_status == {"200": 2, "none": 1}
    assert (manifest.requests.retries, manifest.requests.throttled_s, manifest.resumed) == (1, 0.5, 1)


SHRANK: Final = Shrinkage(target="eu", center="self", namespace=None, before=9, now=3, snapshot="before")


@pytest.mark.parametrize(
    ("evidence", "compared"),
    [
        (msgspec.structs.replace(WHOLE, walks=(msgspec.structs.replace(THREE, verdict="drifted"),)), Compared()),
        (msgspec.structs.replace(WHOLE, walks=(msgspec.structs.replace(THREE, rejects=1),)), Compared()),
        (msgspec.structs.replace(WHOLE, targets=(*WHOLE.targets, FAILED)), Compared()),
        (msgspec.structs.replace(WHOLE, totals=(CenterTotal("eu", "self", 9, 9),)), Compared()),
        (
            msgspec.structs.replace(WHOLE, totals=(CenterTotal("eu", "self", 3, 3),)),
            Compared(unheld={("eu", "self"): 1}),
        ),
        (WHOLE, Compared(shrinkage=(SHRANK,))),
        (WHOLE, Compared(overlaps=(Overlap(target="eu", compared=64, in_both=64),))),
    ],
    ids=["drifted", "rejects", "failed target", "uncovered", "unheld", "shrank", "equal centers"],
)
def test_whatever_falls_short_makes_the_manifest_incomplete(evidence: Evidence, compared: Compared) -> None:
    assert snapshot_of(evidence, NIGHT, compared).status == "incomplete"


def test_what_the_configuration_accepts_does_not_fall_short() -> None:
    accepting = NIGHT._replace(config={"allow_shrink": True})
    assert snapshot_of(WHOLE, accepting, Compared(shrinkage=(SHRANK,))).status == "complete"


@pytest.mark.parametrize(
    ("ended", "published", "is_census_done"), [*product((True, False), (True, False), (True, False))]
)
def test_evidence_is_publishable_when_a_target_ended_with_all_its_walks_and_totals(
    *, ended: bool, published: bool, is_census_done: bool
) -> None:
    eu = WHOLE.targets[0] if ended else msgspec.structs.replace(FAILED, name="eu", planned=1)
    walks = (THREE,) if published else ()
    evidence = Evidence(walks=walks, targets=(eu, FAILED), is_census_done=is_census_done)
    assert evidence.is_publishable == (ended and published and is_census_done)
    assert [entry.published for entry in evidence.target_entries] == [len(walks), 0]
    assert evidence.failed_targets == ({"us"} if ended else {"eu", "us"})


def test_the_evidence_of_a_run_makes_its_manifest_in_another_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[tuple[Evidence, RunFacts, Compared]] = []

    def noted(evidence: Evidence, run: RunFacts, compared: Compared) -> Manifest:
        found.append((evidence, run, compared))
        return snapshot_of(evidence, run, compared)

    monkeypatch.setattr(run_end, "snapshot_of", noted)
    with serve(synthetic(namespaces=3, repositories=40, seed=1)) as served:
        result = crawl(served.endpoint, tmp_path / "output", limit=10)
    assert result.manifest is not None
    program = (
        "import sys, msgspec\n"
        "from crawler.crawl.ending.evidence import Evidence\n"
        "from crawler.crawl.ending.snapshot_of import Compared, RunFacts, snapshot_of\n"
        "given = msgspec.json.decode(sys.stdin.buffer.read(), type=tuple[Evidence, RunFacts, Compared])\n"
        "sys.stdout.buffer.write(msgspec.json.encode(snapshot_of(*given)))\n"
    )
    made = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-c", program],
        input=msgspec.json.encode(found[-1]),
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        check=True,
    ).stdout
    assert msgspec.json.decode(made, type=Manifest) == result.manifest
    profile = found[-1][0].targets[0].profile
    assert profile is not None
    assert profile.limit == 10
    assert Compared() == NOT_COMPARED


class CountingLimiter:
    """A rate limiter from outside: it lets everything go out, and counts."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.acquired = 0
        self.throttled_s = self.paused_for_s = 0.0

    def pause_for(self, for_s: float) -> None:
        self.throttled_s += for_s

    async def acquire(self) -> None:
        self.acquired += 1


def test_every_request_waits_for_the_rate_limiter_that_is_given(tmp_path: Path) -> None:
    limiters: list[CountingLimiter] = []

    def limiter_of(_target: Target, clock: Clock) -> CountingLimiter:
        limiters.append(CountingLimiter(clock))
        return limiters[-1]

    with serve(synthetic(namespaces=3, repositories=40, seed=1)) as served:
        config = configure(served.endpoint, tmp_path / "output", limit=10)
        opener = partial(open_clients, rate_limiter_of=limiter_of)
        result = run_crawl(config, TOKEN, clients=opener)
        assert [limiter.acquired for limiter in limiters] == [served.counters()["requests"]]
    assert result.status == "complete"


def test_a_crawl_that_is_given_a_profile_begins_with_it(tmp_path: Path) -> None:
    config = configure("http://127.0.0.1:9", tmp_path, limit=1000)
    schedulers = make_targets(config, [], Observer(), profiles={config.targets[0].name: PROFILE})
    assert [target.profile.present for target in schedulers.values()] == [PROFILE]
