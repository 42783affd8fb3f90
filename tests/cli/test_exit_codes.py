"""Exit codes: the table is complete, in order and in plain words; each kind of error and end of a run has its code."""

from datetime import UTC, datetime
from typing import get_args

import pytest

import crawler.errors
from crawler.cli.console.exit_status import exit_code_of, exit_code_of_error
from crawler.cli.exit_codes import EXIT_CODES
from crawler.crawl.result import RunResult
from crawler.errors import (
    ConfigError,
    CrawlerError,
    CredentialsError,
    DiskError,
    ErrorKind,
    IncompleteError,
    InterruptedRunError,
    ReaderGoneError,
    UnavailableError,
    UsageError,
)
from crawler.model.stop_reason import StopReason
from crawler.snapshot.completeness import Shortfall
from crawler.snapshot.manifest import Status

CODES = {
    UsageError("x"): 2,
    IncompleteError("x"): 3,
    DiskError("x"): 74,
    ReaderGoneError("x"): 141,
    UnavailableError("x"): 75,
    CredentialsError("x"): 77,
    ConfigError("x"): 78,
    InterruptedRunError("x", signal_number=2): 130,
    InterruptedRunError("x", signal_number=15): 143,
}

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
DONE = StopReason("done")
SIGTERM = StopReason("signal", 15)
DEADLINE = StopReason("deadline")
OUTAGE = UnavailableError("no answer")
REFUSED = CredentialsError("HTTP 401")
WRONG = ConfigError("no such host")


def ended(status: Status | None, stop_reason: StopReason = DONE, *errors: CrawlerError, any_: bool = False) -> int:
    return exit_code_of(run_result(status, stop_reason, *errors, any_=any_))


def run_result(
    status: Status | None, stop_reason: StopReason = DONE, *errors: CrawlerError, any_: bool = False
) -> RunResult:
    return RunResult(
        stop_reason=stop_reason,
        started_at=NOON,
        finished_at=NOON,
        stats=(),
        walks=(),
        coverage=(),
        shrinkage=(),
        overlaps=(),
        errors={str(number): error for number, error in enumerate(errors)},
        snapshot="night",
        resumed=0,
        manifest=None,
        path=None,
        state=None,
        status=status,
        require="any" if any_ else "all",
    )


def test_every_code_is_in_the_table_once_in_ascending_order() -> None:
    codes = [entry.code for entry in EXIT_CODES]
    assert codes == sorted(set(codes))
    assert codes == [0, 1, 2, 3, 70, 74, 75, 77, 78, 130, 141, 143]


@pytest.mark.parametrize(("error", "code"), CODES.items(), ids=repr)
def test_every_kind_of_error_has_its_code_and_the_table_has_it(error: CrawlerError, code: int) -> None:
    assert exit_code_of_error(error) == code
    assert code in {entry.code for entry in EXIT_CODES}


def test_every_branch_of_errors_has_a_kind_of_its_own_and_there_are_no_other_kinds() -> None:
    declared = [one for one in vars(crawler.errors).values() if isinstance(one, type) and issubclass(one, CrawlerError)]
    kinds = [one.kind for one in declared if CrawlerError in one.__bases__]
    assert sorted(kinds) == sorted(get_args(ErrorKind))
    assert {type(error) for error in CODES} == {*declared} - {CrawlerError}


def test_a_published_run_ends_by_its_status() -> None:
    assert ended("complete") == 0
    assert ended("incomplete") == 3


@pytest.mark.parametrize(
    ("reasons", "text"),
    [
        ((), "it falls short of its plan"),
        (("is drifted",), "default/self is drifted"),
        (("is drifted", "shrank", "shrank"), "default/self is drifted, and 2 more reasons"),
    ],
)
def test_the_error_of_an_incomplete_run_names_the_first_reason(reasons: tuple[str, ...], text: str) -> None:
    found = tuple(Shortfall("drifted", "default", "self", None, reason, None, {}) for reason in reasons)
    failure = run_result("incomplete")._replace(shortfalls=found).failure()
    assert isinstance(failure, IncompleteError)
    assert str(failure) == f"snapshot night is published, but it is not complete: {text}"


def test_a_run_that_was_cancelled_is_interrupted() -> None:
    assert isinstance(run_result(None, StopReason("cancelled")).failure(), InterruptedRunError)


def test_a_run_that_waits_for_nothing_and_published_nothing_does_not_blame_the_clock() -> None:
    assert isinstance(run_result(None, DEADLINE).failure(), UnavailableError)
    failure = run_result(None, DONE).failure()
    assert isinstance(failure, IncompleteError)
    assert "please report it" in str(failure)


def test_a_target_that_failed_decides_unless_the_others_are_enough() -> None:
    assert ended("incomplete", DONE, OUTAGE) == 75
    assert ended("incomplete", DONE, OUTAGE, any_=True) == 3


def test_the_most_severe_error_decides_in_whatever_order_the_targets_are() -> None:
    assert ended(None, DONE, OUTAGE, REFUSED) == ended(None, DONE, REFUSED, OUTAGE) == 77
    assert ended(None, DONE, REFUSED, WRONG) == ended(None, DONE, WRONG, REFUSED) == 78


def test_a_signal_decides_over_a_target_that_failed() -> None:
    assert ended(None, SIGTERM) == 143
    assert ended(None, SIGTERM, REFUSED) == 143
    assert ended("incomplete", SIGTERM, REFUSED) == 143


def test_a_deadline_is_an_outage_unless_a_target_failed_in_a_worse_way() -> None:
    assert ended(None, DEADLINE) == 75
    assert ended(None, DEADLINE, REFUSED) == 77


def test_every_code_says_in_plain_sentences_what_it_means_and_what_to_do() -> None:
    for entry in EXIT_CODES:
        assert entry.name
        for text in (entry.meaning, entry.what_to_do):
            assert text.endswith(".")
            assert text[0].isupper() or text.split(maxsplit=1)[0].rstrip(":") in {"crawl", "audit"}
            assert "\n" not in text
            assert not set("|`") & set(text), "it is shown in a cell of a table"
