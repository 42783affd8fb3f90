"""Whatever is sent twice on a connection, an answer called certain belongs to its request."""

from collections import deque
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.swr.exchange import Exchange
from crawler.swr.http.connection_log import ConnectionLog
from crawler.swr.request import ListRequest, NamespacesRequest
from tests.support.examples import examples


def list_request(namespace: str | None = None, offset: int = 0) -> ListRequest:
    return ListRequest("self", namespace, offset, 10, None)


def answered(
    log: ConnectionLog, namespace: str | None = None, offset: int = 0, *, names_offset: bool = False
) -> Exchange | None:
    """Send one request, and take its answer."""
    log.on_sent()
    assert log.on_head()
    return log.on_answer(list_request(namespace, offset), names_offset=names_offset, now_s=1.0)


def in_use(*requests: tuple[str | None, int]) -> ConnectionLog:
    """Return the log of a connection that has answered these requests."""
    log = ConnectionLog()
    for namespace, offset in requests:
        answered(log, namespace, offset)
    return log


# ---- which answers are certain


def test_the_first_answer_on_a_connection_is_certain_and_no_later_one_that_names_nothing() -> None:
    log = ConnectionLog()
    assert answered(log) is None
    later = answered(log, offset=10)
    assert later is not None
    assert later.certain is None
    assert log.open == [later]


def test_an_answer_that_names_an_offset_that_nothing_else_asked_for_is_certain() -> None:
    log = in_use((None, 0), (None, 10))
    assert answered(log, offset=20, names_offset=True) is None
    assert answered(log, offset=10, names_offset=True) is not None


def test_an_answer_with_a_namespace_that_nothing_else_asked_for_is_certain() -> None:
    log = in_use(("team-a", 0))
    new, old = answered(log, "team-b"), answered(log, "team-a")
    for exchange in (new, old):
        assert exchange is not None
        exchange.holds_own_namespace()
    assert new is not None
    assert old is not None
    assert (new.certain, old.certain) == (True, None)
    assert log.open == [old]
    new.holds_own_namespace()
    assert log.open == [old]


def test_a_whole_center_holds_every_namespace() -> None:
    exchange = answered(in_use((None, 0)), "team-a")
    assert exchange is not None
    exchange.holds_own_namespace()
    assert exchange.certain is None


def test_a_certain_answer_makes_all_answers_before_it_certain() -> None:
    log = in_use(("team-a", 0))
    before = [answered(log, "team-a"), answered(log, "team-a")]
    answered(log, "team-a", 10, names_offset=True)
    assert [exchange and exchange.certain for exchange in before] == [True, True]
    assert not log.open


def test_what_was_asked_long_ago_is_forgotten() -> None:
    log = in_use(("team-a", 0), *((f"team-{number}", 0) for number in range(100)))
    exchange = answered(log, "team-a")
    assert exchange is not None
    exchange.holds_own_namespace()
    assert exchange.certain is True


def test_the_list_of_namespaces_is_answered_in_turn_too() -> None:
    log = in_use(("team-a", 0))
    log.on_sent()
    assert log.on_head()
    exchange = log.on_answer(NamespacesRequest(), names_offset=False, now_s=2.0)
    assert log.open == [exchange]
    assert log.answered_s == 2.0


# ---- what follows from a message too many


def test_a_message_that_no_request_asked_for_is_noticed_and_makes_what_is_open_doubtful() -> None:
    log = in_use((None, 0))
    exchange = answered(log)
    assert not log.on_head()
    log.doubt()
    assert exchange is not None
    assert exchange.certain is False
    assert not log.open


def test_the_answer_that_is_arriving_is_doubtful_too_unless_it_is_the_first() -> None:
    first, second = ConnectionLog(), in_use((None, 0))
    for log in (first, second):
        log.on_sent()
        assert log.waiting
        log.doubt()
    assert (first.out_of_step, second.out_of_step) == (False, True)


def test_many_open_answers_need_a_rest() -> None:
    log = in_use(*[(None, 0)] * 128)
    needed = [log.needs_rest]
    answered(log)
    needed.append(log.needs_rest)
    log.certify()
    assert [*needed, log.needs_rest] == [False, True, False]


# ---- the law


class Asked(NamedTuple):
    """One request, what its answer holds, and which answers before it are sent again: before its own, and after it.

    `seen` says that what is sent again after it comes before the next request is sent.
    """

    namespace: str | None
    offset: int
    holds: str
    copies_before: list[int]
    copies_after: list[int]
    seen: bool


asked = st.builds(
    Asked,
    namespace=st.sampled_from(["a", "b", "c", None]),
    offset=st.sampled_from([0, 0, 0, 10, 20]),
    holds=st.sampled_from(["records", "records", "nothing", "a"]),
    copies_before=st.lists(st.integers(1, 5), max_size=1),
    copies_after=st.lists(st.integers(0, 5), max_size=1),
    seen=st.booleans(),
)


def held_namespace(one: Asked) -> str | None:
    """Return the namespace that all records of an answer are in, None when there is no such."""
    if one.holds == "nothing":
        return None
    return (one.holds if one.holds == "a" else None) if one.namespace is None else one.namespace


@pytest.mark.parametrize("names_offsets", [True, False])
@given(requests=st.lists(asked, min_size=1, max_size=12))
@settings(max_examples=examples(quick=40), deadline=None)
def test_an_answer_called_certain_belongs_to_its_request_however_late_copies_come(
    names_offsets: bool,  # noqa: FBT001 - a parameter
    requests: list[Asked],
) -> None:
    log = ConnectionLog()
    wire: deque[int] = deque()  # numbers of the requests that messages on their way answer
    taken: list[tuple[int, int, Exchange | None]] = []  # request, the one that its message answers, exchange

    def run() -> None:
        for number, one in enumerate(requests):
            log.on_sent()
            wire.extend(number - back for back in one.copies_before if number >= back)
            wire.append(number)
            message = wire.popleft()
            assert log.on_head()
            answer = requests[message]
            if names_offsets and answer.offset != one.offset:
                log.doubt()
                return
            request = list_request(one.namespace, one.offset)
            exchange = log.on_answer(request, names_offset=names_offsets, now_s=0.0)
            taken.append((number, message, exchange))
            if exchange is not None and one.namespace is not None and held_namespace(answer) == one.namespace:
                exchange.holds_own_namespace()
            wire.extend(number - back for back in one.copies_after if number >= back)
            if wire and (one.seen or number == len(requests) - 1):
                assert not log.on_head()
                log.doubt()
                return
        log.certify()

    run()
    for number, message, exchange in taken:
        assert exchange is None or exchange.certain is not None
        if exchange is None or exchange.certain:
            assert message == number
