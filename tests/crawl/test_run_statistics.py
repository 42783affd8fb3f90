"""The statistics of a run: what is counted, and of whom."""

from crawler.crawl.observing.events import RequestEnded, TargetStopped, TargetThrottled, TargetWork, WalkStarted
from crawler.crawl.observing.run_statistics import RunStatistics
from crawler.crawl.observing.target_stats import TargetStats
from crawler.errors import UnavailableError
from crawler.model.walk_id import WalkId
from crawler.swr.request import ListRequest, NamespacesRequest

PAGE = ListRequest("self", None, 0, 10, None)


def test_requests_are_counted_by_target_and_status_and_those_for_namespaces_are_not() -> None:
    statistics = RunStatistics([TargetStats("a", 1, None), TargetStats("b", 1, None)])
    for target, request, status in (
        ("a", PAGE, 200),
        ("b", PAGE, 503),
        ("b", PAGE, 0),
        ("b", NamespacesRequest(), 200),
        ("unknown", PAGE, 200),
    ):
        statistics.on_request(RequestEnded(target, request, status, "", 0, 0.1))
    assert [dict(stats.by_status) for stats in statistics.targets] == [{"200": 1}, {"503": 1, "none": 1}]
    assert [stats.requests for stats in statistics.targets] == [1, 2]


def test_a_pause_before_a_target_has_walks_is_not_counted_and_its_total_is_taken_later() -> None:
    statistics = RunStatistics()
    statistics.on_throttle(TargetThrottled("a", 5.0, 5.0))
    statistics.begin(TargetStats("a", 1, None))
    assert statistics.targets[0].throttled_s == 0
    statistics.on_throttle(TargetThrottled("a", 2.0, 7.0))
    assert statistics.targets[0].throttled_s == 7.0


def test_a_target_that_begins_anew_is_counted_from_the_start_in_its_place() -> None:
    statistics = RunStatistics([TargetStats("a", 1, None), TargetStats("b", 1, None)])
    statistics.on_walk_start(WalkStarted(WalkId("a", "self", None), TargetWork(1, 1, 5, 50)))
    statistics.on_target_stop(TargetStopped("a", UnavailableError("gone")))
    before = statistics.targets[0]
    assert (before.walks_started, before.windows, before.declared, before.error) == (1, 5, 50, "gone")
    statistics.begin(TargetStats("a", 3, 2.5))
    assert statistics.targets == (TargetStats("a", 3, 2.5), TargetStats("b", 1, None))


def test_copies_do_not_change_any_more() -> None:
    statistics = RunStatistics([TargetStats("a", 1, None)])
    (copy,) = statistics.copies()
    statistics.on_request(RequestEnded("a", PAGE, 200, "", 0, 0.1))
    assert (copy.requests, statistics.targets[0].requests) == (0, 1)
