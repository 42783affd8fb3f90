"""Who asks is part of what may be resumed: the table of the workspace, by who begun the run and who asks now."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from crawler.errors import ConfigError, UsageError
from crawler.model.caller import Caller
from crawler.model.walk_id import WalkId
from crawler.snapshot.layout import WORK
from crawler.store.output.resume_request import ResumeRequest
from crawler.store.output.run_state import RunState, read_state, write_state
from crawler.store.output.workspace import open_workspace
from tests.store.output.builders import published

NOW: Final = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
ID: Final = "run-1"
FIRST: Final = Caller(method="token", names={}, secret="MII-first", salt="a")
SECOND: Final = Caller(method="token", names={}, secret="MII-second", salt="b")


def begun(output: Path, callers: Mapping[str, Caller | None], *, snapshot: str = ID, age_s: float = 60.0) -> RunState:
    """Leave the files of a killed run that `callers` began."""
    records = {target: None if caller is None else caller.record() for target, caller in callers.items()}
    started_at = NOW - timedelta(seconds=age_s)
    state = RunState(snapshot=snapshot, plan="p", started_at=started_at, callers=records)
    (output / WORK / snapshot).mkdir(parents=True)
    write_state(output / WORK / snapshot, state)
    return state


def opened(
    output: Path, callers: Mapping[str, Caller], *, snapshot: str | None = None, resume: bool | None = None
) -> RunState:
    request = ResumeRequest("p", snapshot, resume, 3600.0, callers)
    with open_workspace(output, request, NOW) as workspace:
        return workspace.state


def test_a_new_run_says_who_began_it(tmp_path: Path) -> None:
    state = opened(tmp_path, {"one": FIRST})
    assert state.callers == {"one": FIRST.record()}
    assert read_state(tmp_path / WORK / state.snapshot) == state


def test_the_same_caller_resumes_and_the_record_stays(tmp_path: Path) -> None:
    begun(tmp_path, {"one": FIRST})
    state = opened(tmp_path, {"one": replace(FIRST, salt="new")})
    assert (state.snapshot, state.resumed, state.callers) == (ID, 1, {"one": FIRST.record()})


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        ({"one": FIRST}, "target one: another token"),
        ({}, "target one: the run does not say whose credentials it used"),
    ],
)
def test_for_another_caller_a_new_run_begins_and_the_log_says_why(
    tmp_path: Path, before: Mapping[str, Caller], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    begun(tmp_path, before)
    state = opened(tmp_path, {"one": SECOND})
    assert (state.snapshot, state.resumed) != (ID, 1)
    assert read_state(tmp_path / WORK / ID) is not None  # its own caller may still resume it
    (logged,) = [record for record in caplog.records if record.message == "run.not_resumed"]
    assert (logged.__dict__["snapshot"], logged.__dict__["reason"]) == (ID, reason)
    assert opened(tmp_path, {"one": FIRST} if before else {"one": SECOND}).snapshot == (
        ID if before else state.snapshot
    )


def test_an_explicit_resume_by_another_caller_fails_and_says_why(tmp_path: Path) -> None:
    begun(tmp_path, {"one": FIRST})
    why = r"^--resume: the unfinished run run-1 is of other credentials \(target one: another token\); without --resume"
    with pytest.raises(UsageError, match=why):
        opened(tmp_path, {"one": SECOND}, resume=True)


def test_one_target_by_another_caller_is_enough(tmp_path: Path) -> None:
    begun(tmp_path, {"one": FIRST, "two": FIRST})
    assert opened(tmp_path, {"one": FIRST, "two": SECOND}).resumed == 0


def test_of_several_runs_that_of_the_same_caller_is_resumed_though_another_is_newer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    begun(tmp_path, {"one": FIRST}, snapshot="mine", age_s=120)
    begun(tmp_path, {"one": SECOND}, snapshot="newer", age_s=10)
    assert opened(tmp_path, {"one": FIRST}, resume=True).snapshot == "mine"
    assert not [record for record in caplog.records if record.message == "run.not_resumed"]


def test_the_id_of_another_callers_run_is_taken(tmp_path: Path) -> None:
    begun(tmp_path, {"one": FIRST})
    with pytest.raises(ConfigError, match="run-1 is the id of an unfinished run with another plan, other credentials"):
        opened(tmp_path, {"one": SECOND}, snapshot=ID)


def test_another_callers_published_run_is_no_result_of_this_command(tmp_path: Path) -> None:
    for caller, is_result in ((FIRST, True), (SECOND, False)):
        output = tmp_path / caller.secret
        begun(output, {"one": FIRST})
        published(output, ID)
        request = ResumeRequest("p", ID, None, 3600.0, {"one": caller})
        if is_result:
            with open_workspace(output, request, NOW) as workspace:
                assert workspace.published == output / f"snapshot={ID}"
        else:
            with pytest.raises(ConfigError, match="published already"), open_workspace(output, request, NOW):
                pass


def test_no_resume_removes_the_unfinished_run_whoever_began_it(tmp_path: Path) -> None:
    begun(tmp_path, {"one": FIRST})
    opened(tmp_path, {"one": SECOND}, resume=False)
    assert read_state(tmp_path / WORK / ID) is None


def test_a_target_of_which_nothing_was_read_is_taken_over_by_its_next_caller(tmp_path: Path) -> None:
    request = ResumeRequest("p", ID, None, 3600.0, {"one": FIRST, "two": FIRST})
    walks = (WalkId("one", "self", "team"),)
    with open_workspace(tmp_path, request, NOW) as workspace:
        workspace.save_walks(walks)
        workspace.forget_callers({"two"})
    state = opened(tmp_path, {"one": FIRST, "two": SECOND})
    assert (state.resumed, state.walks) == (1, walks)
    assert state.callers == {"one": FIRST.record(), "two": SECOND.record()}
    assert opened(tmp_path, {"one": FIRST, "two": FIRST}).resumed == 0


def test_to_forget_no_caller_or_those_of_a_vanished_run_changes_nothing(tmp_path: Path) -> None:
    request = ResumeRequest("p", ID, None, 3600.0, {"one": FIRST})
    with open_workspace(tmp_path, request, NOW) as workspace:
        before = (workspace.folder / "run.json").read_bytes()
        workspace.forget_callers(set())
        assert (workspace.folder / "run.json").read_bytes() == before
        (workspace.folder / "run.json").unlink()
        workspace.forget_callers({"one"})
        assert not (workspace.folder / "run.json").exists()
