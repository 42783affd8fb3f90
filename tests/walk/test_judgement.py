"""The table of verdicts, row by row (walk/judgement.py)."""

from typing import Literal

import pytest

from crawler.model.window import Gap, Order
from crawler.walk.judgement import DoubleRead, Judgement, decide
from crawler.walk.passes.evidence import PassEvidence
from crawler.walk.server_profile import OrderDropped, ServerProfile
from tests.walk.model_server import BY_NAME, BY_TIME, page_of

GAP = Gap(10, 20, 0, "no answer")


def evidence(
    count: int = 3,
    total: int | None = 3,
    *,
    end: Literal["seen", "unseen", "open"] = "seen",
    gaps: tuple[Gap, ...] = (),
    lost: bool = False,
    doubtful: bool = False,
) -> PassEvidence:
    made = PassEvidence()
    made.count(page_of(range(count), total)._replace(doubtful=doubtful))
    made.end = end
    made.gaps.extend(gaps)
    made.has_loss = lost
    return made


@pytest.mark.parametrize(
    ("seen", "at_once", "at_last"),
    [
        (evidence(), Judgement("complete"), Judgement("complete")),
        (evidence(0, 0), Judgement("complete"), Judgement("complete")),
        (
            evidence(gaps=(GAP,), lost=True),
            Judgement("partial", "some windows could not be read"),
            Judgement("partial", "some windows could not be read"),
        ),
        (
            evidence(total=None, end="open"),
            Judgement("unproven", "no total was declared, or 0 beside items"),
            Judgement("unproven", "no total was declared, or 0 beside items"),
        ),
        (
            evidence(5, 3, end="open"),
            Judgement("unproven", "there are more records than the declared total"),
            Judgement("unproven", "there are more records than the declared total"),
        ),
        (evidence(gaps=(GAP,)), None, Judgement("partial", "some windows could not be read")),
        (evidence(total=None), None, Judgement("unproven", "a page declared no total")),
        (evidence(end="unseen"), None, Judgement("unproven", "the end of the list was not seen")),
        (
            evidence(doubtful=True),
            None,
            Judgement("unproven", "the answers to one request contradict each other"),
        ),
        (evidence(3, 4), None, Judgement("drifted", "the list changed during each pass")),
    ],
)
def test_each_row_of_the_table(seen: PassEvidence, at_once: Judgement | None, at_last: Judgement) -> None:
    assert decide(seen, 1, 3, confirmed=True) == at_once
    assert decide(seen, 3, 3, confirmed=True) == decide(seen, 4, 3, confirmed=True) == at_last


def test_a_consistent_pass_that_is_not_confirmed_needs_another_one() -> None:
    assert decide(evidence(), 1, 2, confirmed=False) is None
    assert decide(evidence(), 2, 2, confirmed=False) == ("drifted", "the list changed during each pass")


def two_pages(*, first: int = 0, total: int = 6) -> PassEvidence:
    made = evidence(0, total)
    for page in (page_of(range(first, first + 3), total), page_of(range(first + 3, first + 6), total)):
        made.count(page)
    return made


def test_a_double_read_takes_two_consistent_passes_in_a_row_with_the_same_keys() -> None:
    double_read = DoubleRead(is_required=True)
    changed, broken = two_pages(first=1), two_pages(total=7)
    confirmed = [
        double_read.confirms(one) for one in (two_pages(), changed, two_pages(), broken, two_pages(), two_pages())
    ]
    assert confirmed == [False, False, False, False, False, True]


def test_one_page_and_a_single_read_need_no_confirmation() -> None:
    assert DoubleRead(is_required=True).confirms(evidence())
    assert DoubleRead(is_required=False).confirms(two_pages())


@pytest.mark.parametrize(
    ("is_required", "pass_number", "limit", "expected"),
    [(True, 1, 100, 100), (True, 2, 100, 99), (True, 3, 100, 100), (True, 2, 1, 2), (False, 2, 100, 100)],
)
def test_every_second_pass_of_a_double_read_requests_other_pages(
    is_required: bool,  # noqa: FBT001 - a parameter
    pass_number: int,
    limit: int,
    expected: int,
) -> None:
    assert DoubleRead(is_required=is_required).page_limit_of(pass_number, limit) == expected


def test_the_first_pass_of_two_reads_in_the_opposite_order_where_the_server_does_that() -> None:
    profile, double_read = ServerProfile(10, (BY_NAME, BY_TIME)), DoubleRead(is_required=True)
    assert [double_read.order_of(number, profile) for number in (1, 2, 3)] == [
        Order("name", "desc"),
        BY_NAME,
        Order("name", "desc"),
    ]
    assert DoubleRead(is_required=False).order_of(1, profile) == BY_NAME
    assert double_read.order_of(1, ServerProfile(10, (None,))) is None
    one_way = profile.learn(OrderDropped(Order("name", "desc")))
    assert (one_way.orders, double_read.order_of(1, one_way)) == (profile.orders, BY_NAME)
    assert one_way.learn(OrderDropped(BY_NAME)).orders == (BY_TIME,)
