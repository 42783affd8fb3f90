"""EndedWalk walks are published in plan order; a stopped crawl leaves the others to the next run."""

from collections.abc import Callable, Sequence
from threading import Thread

import pytest

from crawler.crawl.engine.publisher import Publisher
from crawler.crawl.scheduling.scheduled import ScheduledWalk
from crawler.errors import DiskError
from crawler.model.walk_id import WalkId


class EndedWalk(ScheduledWalk):
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


def test_walks_that_had_ended_before_are_published() -> None:
    sink = RecordingSink()
    Publisher(walks(200, EndedWalk), sink).run()
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


def test_after_finish_ended_walks_are_published_up_to_the_first_that_has_not_ended() -> None:
    sink = RecordingSink()
    publisher = Publisher(walks(5), sink)
    for walk in (0, 1, 3, 4):
        publisher.on_walk_end(walk, 0)
    publisher.finish()
    publisher.run()
    assert sink.published == [0, 1]


def test_after_stop_only_the_present_batch_is_published() -> None:
    sink = RecordingSink()
    publisher = Publisher(walks(200, EndedWalk), sink)
    sink.then = publisher.stop
    publisher.run()
    assert sink.published == list(range(64))


def test_an_error_of_the_disk_ends_publishing() -> None:
    def refuse() -> None:
        raise DiskError("full")

    sink = RecordingSink()
    sink.then = refuse
    with pytest.raises(DiskError, match="full"):
        Publisher(walks(200, EndedWalk), sink).run()
    assert sink.published == list(range(64))
