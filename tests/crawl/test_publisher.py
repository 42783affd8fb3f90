"""What has ended is published in plan order; a crawl that is stopped leaves the rest to the next run."""

from collections.abc import Callable, Sequence
from threading import Thread

import pytest

from crawler.crawl.engine.publisher import Publisher
from crawler.crawl.engine.target_scheduler import ScheduledWalk
from crawler.errors import DiskError
from crawler.model.walk_id import WalkId


class Ended(ScheduledWalk):
    """A walk that has its verdict already, as after a resume."""

    @property
    def ended(self) -> bool:
        return True


class RecordingSink:
    """Records what is published."""

    def __init__(self) -> None:
        self.published: list[int] = []
        self.then: Callable[[], None] = lambda: None

    def publish(self, ended: Sequence[ScheduledWalk]) -> None:
        self.published += [run.index for run in ended]
        self.then()


def walks(count: int, kind: type[ScheduledWalk] = ScheduledWalk) -> list[ScheduledWalk]:
    return [kind(index, WalkId("eu", "self", f"n{index}")) for index in range(count)]


def test_what_had_ended_before_is_published_and_that_is_the_end() -> None:
    sink = RecordingSink()
    Publisher(walks(200, Ended), sink).run()
    assert sink.published == list(range(200))


def test_walks_are_published_in_plan_order_however_they_end() -> None:
    sink = RecordingSink()
    publisher = Publisher(walks(300), sink)
    thread = Thread(target=publisher.run)
    thread.start()
    for walk in (*range(299, 99, -1), *range(100)):
        publisher.on_walk_end(walk, 1000)
    thread.join()
    assert sink.published == list(range(300))


def test_when_nothing_more_will_end_what_has_is_published_up_to_the_first_that_has_not() -> None:
    sink = RecordingSink()
    publisher = Publisher(walks(5), sink)
    for walk in (0, 1, 3, 4):
        publisher.on_walk_end(walk, 0)
    publisher.finish()
    publisher.run()
    assert sink.published == [0, 1]


def test_when_it_is_stopped_it_ends_with_what_it_is_publishing() -> None:
    sink = RecordingSink()
    publisher = Publisher(walks(200, Ended), sink)
    sink.then = publisher.stop
    publisher.run()
    assert sink.published == list(range(64))


def test_what_the_disk_refuses_ends_it() -> None:
    def refuse() -> None:
        raise DiskError("full")

    sink = RecordingSink()
    sink.then = refuse
    with pytest.raises(DiskError, match="full"):
        Publisher(walks(200, Ended), sink).run()
    assert sink.published == list(range(64))
