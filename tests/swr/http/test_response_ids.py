"""A response with an id that came before is a copy, unless the service sends that id with every response."""

import tracemalloc

from crawler.swr.http.response_ids import ResponseIds


def test_a_response_with_a_known_id_is_a_copy() -> None:
    ids = ResponseIds()
    assert [ids.add(one) for one in ("a", "b", "c")] == [False, False, False]
    assert ids.add("b")
    assert ids.is_copy("b")
    assert ids.identify
    assert ids.add("c")
    assert ids.is_copy("c")


def test_an_id_that_comes_a_third_time_is_no_identity() -> None:
    ids = ResponseIds()
    assert [ids.add("same"), ids.add("same")] == [False, True]
    assert ids.is_copy("same")
    assert ids.add("same")
    assert not ids.is_copy("same")
    assert not ids.identify
    assert not ids.add("same")


def test_at_least_the_last_thousand_ids_are_remembered_and_older_ones_are_forgotten() -> None:
    ids = ResponseIds()
    assert not any(ids.add(str(number)) for number in range(3000))
    assert all(ids.add(str(number)) for number in range(2000, 3000))
    assert not ids.add("0")


def test_long_ids_are_not_kept() -> None:
    ids = ResponseIds()
    tracemalloc.start()
    try:
        for number in range(1000):
            assert not ids.add(f"{number:064000}")
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 2**20
    assert ids.add(f"{0:064000}")
