"""Laws of the summary: the first line has the status, and no line claims more than was seen."""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from typing import Any

import msgspec

from crawler.cli.console.exit_status import exit_code_of
from crawler.cli.console.summary import summary
from crawler.cli.console.summary_json import SCHEMA, summary_json
from crawler.crawl.observing.target_stats import TargetStats
from crawler.crawl.result import RunResult
from crawler.errors import CredentialsError, UnavailableError
from crawler.model.stop_reason import StopReason
from crawler.snapshot.completeness import is_proven, shortfalls
from crawler.snapshot.file_entry import FileEntry
from crawler.snapshot.manifest import (
    CarriedOver,
    Coverage,
    Lost,
    Manifest,
    Overlap,
    Requests,
    Shrinkage,
    Status,
    TargetEntry,
    WalkEntry,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
FOLDER = PurePath("output/snapshot=night")
STATE = PurePath("output/.work/night")


def walk(**fields: Any) -> WalkEntry:  # noqa: ANN401 - the fields' own types
    held = fields.get("records", 200_000)
    given = {
        "target": "default",
        "center": "self",
        "namespace": None,
        "verdict": "complete",
        "declared_totals": (held,),
        "records": held,
        "distinct": held,
        "duplicates": 0,
        "rejects": 0,
        "passes": 1,
        "requests": 200,
        "limit": 1000,
        "order": None,
    }
    return WalkEntry(**{**given, **fields})


def stats(name: str = "default", **fields: Any) -> TargetStats:  # noqa: ANN401
    given = {"by_status": Counter({"200": 400}), "walks_ended": 2, "records": 400_000, "declared": 400_000}
    return TargetStats(name, 2, 10.0, **{**given, **fields})


def finished(
    *walks: WalkEntry,
    path: PurePath | None = FOLDER,
    unknown: tuple[str, ...] = (),
    **fields: Any,  # noqa: ANN401
) -> RunResult:
    status: Status = "complete" if all(map(is_proven, walks)) else "incomplete"
    files = tuple(FileEntry(path="part", records=200_000, bytes=105_200_000, sha256="") for _ in range(2))
    manifest = Manifest(
        schema=2,
        snapshot="night",
        crawler="0",
        started_at="",
        finished_at="",
        status=status,
        resumed=0,
        config={},
        walks=walks,
        coverage=(),
        files=files,
        rejects=files[0],
        unknown_fields=unknown,
        requests=Requests(by_status={}, retries=0, throttled_s=0),
    )
    manifested = manifest if path else None
    given = {"status": status, "walks": walks, "path": path, "state": None, "manifest": manifested}
    return result(**{**given, **fields})


def result(**fields: Any) -> RunResult:  # noqa: ANN401
    given: Mapping[str, Any] = {
        "stop_reason": StopReason("done"),
        "started_at": NOON,
        "finished_at": NOON + timedelta(seconds=102),
        "stats": (stats(),),
        "walks": (),
        "coverage": (),
        "shrinkage": (),
        "overlaps": (),
        "errors": {},
        "snapshot": "night",
        "resumed": 0,
        "manifest": None,
        "path": None,
        "state": STATE,
        "status": None,
    }
    return RunResult(**{**given, **fields})


def stopped(**fields: Any) -> RunResult:  # noqa: ANN401
    return result(**{"stats": (stats(records=120_000, walks_ended=0),), **fields})


def interrupted(**fields: Any) -> RunResult:  # noqa: ANN401
    return result(stop_reason=StopReason("signal", 2), **fields)


def test_a_complete_run_says_where_its_snapshot_is() -> None:
    assert summary(finished(walk(), walk(center="thirdparty"))).splitlines() == [
        "complete: 400 000 of 400 000 declared records are on disk, each once",
        "  where     output/snapshot=night (2 files, 210.4 MB)",
        "  walks     2 complete",
        "  time      1 min 42 s",
        "  requests  400: 400 HTTP 200",
    ]


def test_only_exit_code_0_is_called_complete() -> None:
    runs = [finished(walk()), finished(walk(rejects=1)), finished(walk(verdict="drifted")), stopped(), interrupted()]
    assert [summary(run).split(":")[0] for run in runs] == [
        "complete",
        "incomplete",
        "incomplete",
        "unfinished",
        "unfinished",
    ]
    assert all(("each once" in summary(run)) is (exit_code_of(run) == 0) for run in runs)


def test_a_walk_of_several_passes_is_compared_with_the_total_of_the_proven_one() -> None:
    again = walk(verdict="complete", declared_totals=(101, 100), records=100, distinct=100, passes=2)
    text = summary(finished(again, walk(records=1)))
    assert text.startswith("complete: 101 of 101 declared records are on disk")
    assert "  walks     2 complete (1 in more than one pass)" in text.splitlines()


def test_values_that_could_not_be_read_are_a_note_and_no_reason_against_complete() -> None:
    one = finished(walk(invalid=1, invalid_fields=("size",)))
    note = "  note      1 record holds a value that could not be read, kept under invalid: size"
    assert note in summary(one).splitlines()
    fields = ("created_at", "size", "status", "tags")
    two = finished(walk(invalid=2000, invalid_fields=fields), walk(invalid=1, invalid_fields=("logo", "url")))
    note = "  note      2 001 records hold values that could not be read, kept under invalid: "
    assert note + "created_at, logo, size, status, tags, …" in summary(two).splitlines()
    assert summary(two).startswith("complete: ")
    assert json.loads(summary_json(two))["invalid"] == 2001


def test_an_empty_registry_is_complete() -> None:
    assert summary(finished(walk(records=0))).startswith("complete: the service declares no records")


def test_a_partial_walk_shows_which_items_were_not_read_and_why() -> None:
    lost = tuple(
        Lost(offset=at, end=at + 1000, got=at // 5, reason="HTTP 500: broken, 5 times") for at in range(0, 5000, 1000)
    )
    run = finished(
        walk(), walk(verdict="partial", namespace="team", declared_totals=(200_000,), records=197_000, lost=lost)
    )
    assert summary(run).splitlines()[0] == "incomplete: 397 000 of 400 000 declared records are on disk; 3 000 missing"
    assert summary(run).splitlines()[3:8] == [
        "  default/self/team: partial, declared 200 000, 197 000 distinct",
        "    items 0 to 999: HTTP 500: broken, 5 times",
        "    items 1 000 to 1 999, 200 of them read: HTTP 500: broken, 5 times",
        "    items 2 000 to 2 999, 400 of them read: HTTP 500: broken, 5 times",
        "    and 2 more windows",
    ]


def test_the_missing_records_of_a_drifted_walk_are_not_guessed() -> None:
    drifted = walk(verdict="drifted", declared_totals=(100, 101, 99), records=102, distinct=98, duplicates=1, passes=3)
    first, *rest = summary(finished(drifted)).splitlines()
    assert first == ("incomplete: 102 records are on disk, up to 101 were declared; how many are missing is not known")
    assert (
        "  default/self/*: drifted, declared 100 then 101 then 99, 98 distinct, 1 duplicate, last of 3 passes" in rest
    )


def test_an_unproven_walk_declares_nothing_to_compare_the_records_with() -> None:
    run = finished(walk(verdict="unproven", declared_totals=(), records=7))
    assert summary(run).startswith("incomplete: 7 records are on disk; how many are missing is not known")
    assert "unproven, no total declared, 7 distinct" in summary(run)
    why = finished(walk(verdict="unproven", records=7, reason="the end of the list was not seen"))
    assert "the end of the list was not seen" in summary(why)
    assert json.loads(summary_json(run))["declared"] is None


def test_of_many_unproven_walks_five_are_listed_and_the_rest_counted() -> None:
    text = summary(finished(*(walk(verdict="drifted", namespace=f"n{number}") for number in range(1200))))
    assert text.count(": drifted,") == 5
    assert "and 1 195 more walks not proven, see _manifest.json" in text
    assert len(text.splitlines()) < 15


def test_rejects_are_counted_and_their_file_is_named() -> None:
    run = finished(walk(records=198, distinct=200, declared_totals=(200,), rejects=2))
    assert summary(run).startswith("incomplete: 198 of 200 declared records are on disk; 0 missing, 2 items rejected")
    assert "2 items, kept with their reasons in _rejects.ndjson" in summary(run)


def test_a_complete_stream_is_on_standard_output_and_not_on_disk() -> None:
    text = summary(finished(walk(), path=None))
    assert text.startswith("complete: 200 000 of 200 000 declared records are on standard output, each once")
    assert "disk" not in text


def test_a_signal_keeps_the_state_and_says_how_to_resume() -> None:
    run = interrupted(stats=(stats(records=120_000, walks_ended=1),))
    assert summary(run).splitlines() == [
        "unfinished: stopped by SIGINT (Ctrl-C); 120 000 records read, 400 000 declared so far; nothing is published",
        "  walks     1 of 2 ended",
        "  time      1 min 42 s",
        "  requests  400: 400 HTTP 200",
        "  to resume rerun the same command; what was read so far is kept",
        "  state in  output/.work/night",
    ]


def test_records_read_again_in_later_passes_are_called_so() -> None:
    assert "500 000 records read in all passes, 400 000 declared" in summary(stopped(stats=(stats(records=500_000),)))


def failed(name: str, reason: str = "no answer") -> TargetEntry:
    return TargetEntry(name=name, state="failed", planned=2, published=0, kind="unavailable", reason=reason)


def test_a_snapshot_without_a_target_names_it_and_says_that_a_rerun_reads_what_is_missing() -> None:
    ended = TargetEntry(name="default", state="ended", planned=1, published=1)
    run = finished(walk(), status="incomplete", targets=(failed("eu"), ended))._replace(state=STATE)
    text = summary(run)
    assert text.startswith("incomplete: 200 000 records are on disk; 1 of 2 targets failed")
    assert "  failed    eu stopped with 0 of 2 walks published: no answer\n            latest was not moved\n" in text
    assert "  to resume rerun the same command: it reads only what is missing\n" in text
    many = run._replace(targets=tuple(failed(f"t{number}", f"target t{number}: no answer") for number in range(7)))
    last = "            t4 stopped with 0 of 2 walks published: target t4: no answer\n"
    assert f"{last}            and 2 targets more, see _manifest.json\n" in summary(many)


def test_walks_that_were_carried_over_say_from_where_and_when() -> None:
    before = CarriedOver(snapshot="evening", started_at="20:00", finished_at="20:01")
    text = summary(finished(walk(carried_from="evening"), walk(center="thirdparty"), carried_over=(before,)))
    assert "  carried   1 walk over from snapshot evening, read from 20:00 to 20:01\n" in text


def test_each_stopped_target_says_why() -> None:
    errors = {"a": CredentialsError("target a: the service refused the token"), "b": UnavailableError("no answer")}
    text = summary(stopped(errors=errors, stats=(stats("a"), stats("b"), stats("c"))))
    assert "unfinished: 2 of 3 targets stopped" in text
    assert "  why       target a: the service refused the token\n            b: no answer\n" in text


def test_a_deadline_is_named_as_the_reason() -> None:
    assert "unfinished: the longest allowed duration was reached" in summary(
        stopped(stop_reason=StopReason("deadline"))
    )


def test_an_unfinished_stream_cannot_be_resumed() -> None:
    text = summary(stopped(state=None, walks=(walk(),)))
    assert "  written   200 000 records to standard output, not all of them" in text
    assert "  to resume not possible with standard output" in text
    assert "same command" not in text


def test_a_resumed_run_says_that_its_requests_are_not_all() -> None:
    text = summary(finished(walk(), resumed=2))
    assert "  time      1 min 42 s since the first start; resumed 2 times" in text
    assert "  requests  400 since then: 400 HTTP 200" in text


def test_requests_show_failures_retries_and_throttling() -> None:
    counts = Counter({"200": 4000, "503": 12, "none": 1})
    text = summary(finished(walk(), stats=(stats(by_status=counts, retries=13, throttled_s=3.0),)))
    assert (
        "4 013: 4 000 HTTP 200, 12 HTTP 503, 1 without a response; 13 retries; throttled by the service for 3 s" in text
    )


def test_foreign_words_cannot_command_the_terminal() -> None:
    bad = Lost(offset=0, end=1, got=0, reason="\x1b[2Jgone\nnext")
    text = summary(finished(walk(verdict="partial", lost=(bad,)), unknown=("\x1b]0;x\x07",)))
    assert all(line.isprintable() for line in text.splitlines())
    assert "\\u001b[2Jgone\\nnext" in text
    assert "1 field unknown to this version, kept under extra: \\u001b" in text


def test_style_is_for_the_first_word_alone() -> None:
    assert summary(finished(walk()), style=lambda word: f"<{word}>").startswith("<complete>: 200 000 of")


def test_the_summary_for_programs_says_the_same() -> None:
    errors = {"default": UnavailableError("no answer")}
    run = json.loads(summary_json(stopped(errors=errors)))
    assert (run["status"], run["exit_code"], run["declared"], run["missing"]) == ("unfinished", 75, None, None)
    assert run["seen"]["records"] == 120_000
    assert run["state"] == "output/.work/night"
    assert run["errors"] == {"default": {"exit_code": 75, "message": "no answer"}}
    whole = json.loads(summary_json(finished(walk(), walk(passes=2))))
    assert (whole["status"], whole["declared"], whole["records"], whole["missing"]) == ("complete", 400_000, 400_000, 0)
    assert whole["verdicts"] == {"complete": 2}
    assert whole["schema"] == SCHEMA == 2
    assert (whole["seconds"], whole["path"]) == (102.0, "output/snapshot=night")
    assert whole["requests"]["by_status"] == {"200": 400}


def test_an_unfinished_folder_counts_nothing_as_published() -> None:
    run = json.loads(summary_json(stopped(walks=(walk(),))))
    assert (run["records"], run["verdicts"]) == (0, {})


def test_records_of_other_namespaces_are_counted_as_left_out_and_not_as_missing() -> None:
    text = summary(finished(walk(records=300, distinct=1000, declared_totals=(1000,), outside=700)))
    assert text.startswith("complete: 300 of 300 declared records")
    assert "700 records of other namespaces were returned and left out" in text


def test_long_evidence_is_shortened() -> None:
    lost = tuple(Lost(offset=100 * at, end=100 * at + 100, got=0, reason="HTTP 500") for at in range(5))
    text = summary(finished(walk(verdict="partial", lost=lost, declared_totals=tuple(range(1001, 1011)))))
    assert "items 200 to 299: HTTP 500" in text
    assert "items 300 to" not in text
    assert "and 2 more windows" in text
    assert "1 001 then 1 002 then 1 003 then 1 004 then … then 1 010" in text


def test_a_walk_without_its_first_page_says_from_which_item_on_it_was_not_read() -> None:
    lost = (Lost(offset=0, end=None, got=0, reason="HTTP 500"),)
    text = summary(finished(walk(verdict="partial", lost=lost, declared_totals=(), records=0, distinct=0)))
    assert "from item 0 on: HTTP 500" in text
    assert "how many are missing is not known" in text


def test_many_stopped_targets_are_five_lines_and_their_number() -> None:
    errors = {f"region-{at}": UnavailableError("throttled") for at in range(7)}
    text = summary(stopped(errors=errors))
    assert "region-4: throttled" in text
    assert "region-5" not in text
    assert "and 2 more targets" in text


def test_a_run_without_requests_says_so() -> None:
    assert "requests  0" in summary(stopped(stats=(stats(by_status=Counter()),)))


def shrunk(*namespaces: str | None, accepted: bool = False) -> RunResult:
    """Return a run whose center, or namespaces of it, fell from 3 000 to 0 records."""
    run = finished(walk(records=0), status="complete" if accepted else "incomplete")
    assert run.manifest is not None
    found = tuple(
        Shrinkage(target="default", center="self", namespace=name, before=3000, now=0, snapshot="night1")
        for name in namespaces
    )
    said = msgspec.structs.replace(run.manifest, shrinkage=found, config={"allow_shrink": accepted})
    return run._replace(shrinkage=found, manifest=said, shortfalls=tuple(shortfalls(said)))


def test_a_run_that_shrank_says_what_from_what_to_what_since_when_and_what_to_do() -> None:
    assert summary(shrunk(None, "a")).splitlines() == [
        "incomplete: 0 of 0 declared records are on disk; 0 missing, 1 center and 1 namespace shrank",
        "  where     output/snapshot=night (2 files, 210.4 MB)",
        "  walks     1 complete",
        "  shrank    default/self shrank from 3 000 to 0 records since snapshot night1",
        "            default/self/a shrank from 3 000 to 0 records since snapshot night1",
        "            latest was not moved; check the permissions, the project and the endpoint",
        "            if the loss is real, accept it: run the same command once with --allow-shrink",
        "  time      1 min 42 s",
        "  requests  400: 400 HTTP 200",
    ]


def test_shrinkage_that_was_accepted_is_said_too() -> None:
    text = summary(shrunk(None, accepted=True))
    assert text.startswith("complete: ")
    assert "default/self shrank from 3 000 to 0 records since snapshot night1" in text
    assert "accepted by allow_shrink" in text
    assert "--allow-shrink" not in text


def test_of_many_places_that_shrank_five_are_lines_and_the_rest_is_counted() -> None:
    text = summary(shrunk(None, *"abcdef"))
    assert "default/self/d shrank from" in text
    assert "default/self/e shrank from" not in text
    assert "and 2 namespaces more, see _manifest.json" in text


def test_the_summary_for_programs_has_the_shrinkage_of_the_manifest() -> None:
    run = json.loads(summary_json(shrunk("a")))
    told = {"target": "default", "center": "self", "namespace": "a", "before": 3000, "now": 0, "snapshot": "night1"}
    assert (run["exit_code"], run["shrinkage"]) == (3, [told])
    assert json.loads(summary_json(finished(walk())))["shrinkage"] == []


def test_centers_that_hold_the_same_are_named() -> None:
    overlap = Overlap(target="default", compared=64, in_both=64)
    text = summary(finished(walk(), walk(center="thirdparty"), overlaps=(overlap,), status="incomplete"))
    assert text.splitlines()[0].endswith("0 missing, 1 target with the same repositories in both centers")
    assert "  centers   default has 64 of 64 repositories compared in both centers, as if the service, or" in text
    some = finished(walk(), overlaps=(Overlap(target="default", compared=64, in_both=1),))
    assert "centers" not in summary(some)
    assert json.loads(summary_json(some))["overlaps"] == [{"target": "default", "compared": 64, "in_both": 1}]


def test_records_that_no_walk_covers_are_counted() -> None:
    center = Coverage(target="default", center="self", declared=500, covered=380)
    unknown = Coverage(target="default", center="thirdparty", declared=None, covered=0)
    text = summary(finished(walk(), coverage=(center,), status="incomplete"))
    assert text.splitlines()[0].endswith("120 records in no namespace walked")
    assert "default/self holds 120 of 500 declared records in no namespace walked" in text
    assert json.loads(summary_json(finished(walk(), coverage=(center,), status="incomplete")))["uncovered"] == 120
    text = summary(finished(walk(), coverage=(unknown,), status="incomplete"))
    assert "default/thirdparty may hold records in no namespace walked: how many is not known" in text
    assert json.loads(summary_json(finished(walk(), coverage=(unknown,), status="incomplete")))["uncovered"] is None
