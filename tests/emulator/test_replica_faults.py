"""What stands between a client and the service: replicas that differ, a cache, a list that is empty for a moment."""

import pytest

from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.http.response import ServedResponse
from crawler.errors import UsageError
from tests.emulator.client import EPOCH_S, DirectClient, inventory_of, item, items_of, numbered

TEN = numbered(10)
NAMES = [f"a{number:04}" for number in range(10)]
MIDDLE = "limit=2&offset=4"
BEYOND = "limit=2&offset=10"


def client_of(*texts: str) -> DirectClient:
    return DirectClient(TEN, [parse_fault(text) for text in texts])


def content_range(response: ServedResponse) -> str | None:
    return dict(response.headers).get("Content-Range")


def owners(client: DirectClient, query: str = MIDDLE) -> set[str | None]:
    return {one.get("domain_name") for one in items_of(client.get(query))}


# --- replicas -----------------------------------------------------------------------------------------------


def test_a_stale_replica_lacks_a_row_on_every_nth_request() -> None:
    client = client_of("stale-replica:every=3")
    assert [len(client.names()) for _ in range(6)] == [10, 10, 9, 10, 10, 9]
    assert content_range(client_of("stale-replica:every=1").get(MIDDLE)) == "4-2/9"


def test_a_stale_replica_holds_deleted_rows() -> None:
    assert client_of("stale-replica:every=1,lacks=0,holds=2").names() == [*NAMES, "zz-deleted-1", "zz-deleted-2"]
    replaced = client_of("stale-replica:every=1,holds=1,index=8")
    assert replaced.names() == [*NAMES[:8], NAMES[9], "zz-deleted-1"]
    assert content_range(replaced.get()) == "0-10/10"


def test_a_balancer_by_url_sends_a_url_to_the_same_replica_every_time() -> None:
    client = client_of("stale-replica:every=2,by=url")
    urls = [f"limit=10&offset={offset}" for offset in range(10)]
    totals = [content_range(client.get(url)) for url in urls]
    assert {str(total).partition("/")[2] for total in totals} == {"9", "10"}
    assert [content_range(client.get(url)) for url in reversed(urls)] == totals[::-1]


def test_an_old_replica_declares_the_length_of_its_page() -> None:
    client = client_of("old-replica:every=2")
    assert [content_range(client.get(MIDDLE)) for _ in range(3)] == ["4-2/10", "4-2/2", "4-2/10"]
    assert owners(client) == {"domain"}


def test_an_old_replica_declares_nothing_and_knows_no_owner() -> None:
    client = client_of("old-replica:every=1,totals=absent,owner=absent")
    response = client.get(MIDDLE)
    assert content_range(response) is None
    assert [set(one) & {"total_range", "domain_name"} for one in items_of(response)] == [set(), set()]
    assert client.window(4, 2) == NAMES[4:6]


def test_an_old_replica_clamps_its_pages() -> None:
    client = client_of("old-replica:every=2,totals=right,clamp=3")
    assert [client.window(0, 5) for _ in range(4)] == [NAMES[:5], NAMES[:3]] * 2
    assert client.window(8, 2) == NAMES[8:]
    assert client.window(8, 2) == NAMES[8:]


def test_a_reordered_replica_has_the_rows_in_reverse() -> None:
    client = client_of("reordered-replica:every=2")
    assert [client.window(2, 3) for _ in range(2)] == [NAMES[2:5], [NAMES[7], NAMES[6], NAMES[5]]]
    assert [client.window(9, 3) for _ in range(2)] == [NAMES[9:], NAMES[:1]]


def test_the_owner_is_missing_from_some_answers_or_from_one_page() -> None:
    client = client_of("missing-owner:every=2")
    assert [owners(client) for _ in range(4)] == [{"domain"}, {None}] * 2
    at = client_of("missing-owner:every=1,offset=4")
    assert (owners(at), owners(at, "limit=2&offset=6"), owners(at)) == ({None}, {"domain"}, {None})
    assert client_of("missing-owner:every=1").names(BEYOND) == []


def test_a_row_without_an_owner_stays_without_one() -> None:
    client = client_of("missing-owner:every=1", "old-replica:every=1,owner=absent")
    assert owners(client) == {None}


# --- caches -------------------------------------------------------------------------------------------------


def test_a_cache_answers_a_url_from_its_first_copy() -> None:
    client = client_of("delete-after:requests=1", "cache:seconds=60")
    assert len(client.names("limit=20&offset=0")) == 10
    assert client.state.triggered[1] == 0
    assert len(client.names("limit=20&offset=0")) == 10
    assert client.state.triggered[1] == 1
    assert len(client.names("limit=30&offset=0")) == 9


def test_a_copy_is_dropped_after_its_time() -> None:
    client = client_of("delete-after:requests=1", "cache:seconds=60")
    counts = []
    for now_s in (0.0, 59.9, 60.0, 119.9):
        client.now_s = EPOCH_S + now_s
        counts.append(len(client.names()))
    assert counts == [10, 10, 9, 9]


@pytest.mark.parametrize(("revalidates", "counts"), [("false", [10, 10, 10]), ("true", [10, 9, 9])])
def test_no_cache_is_honored_or_ignored(revalidates: str, counts: list[int]) -> None:
    client = client_of("delete-after:requests=1", f"cache:revalidates={revalidates}")
    token = {"X-Auth-Token": client.identity.token}
    no_cache = token | {"cache-control": "no-cache"}
    responses = [client.request(headers=headers) for headers in (token, no_cache, token)]
    assert [len(items_of(response)) for response in responses] == counts


def test_what_a_cache_ignores_does_not_belong_to_its_key() -> None:
    both = inventory_of(item("x"), item("y", center="thirdparty"), item("z", namespace="other"))
    windows = {
        "center": ("center=self", "center=thirdparty"),
        "namespace": ("namespace=team", "namespace=other"),
        "offset": ("limit=1&offset=0", "limit=1&offset=1"),
        "limit": ("limit=1&offset=0", "limit=2&offset=0"),
    }
    for ignored, (first, second) in windows.items():
        client = DirectClient(both, [parse_fault(f"cache:ignores={ignored}")])
        assert client.get(first) == client.get(second)
        others = "+".join(windows.keys() - {ignored})
        client = DirectClient(both, [parse_fault(f"cache:ignores={others}")])
        assert client.get(first) != client.get(second)


def test_a_cache_reads_both_dialects() -> None:
    client = client_of("cache:ignores=limit")
    assert client.names("filter=limit::2|offset::4") == client.names("filter=offset::4|limit::3") == NAMES[4:6]


def test_a_cache_keeps_only_complete_pages() -> None:
    refused = client_of("burst:first=1", "cache")
    assert [refused.get().status for _ in range(2)] == [503, 200]
    cut = client_of("reset-in-body:first=1", "cache")
    assert [cut.get().delivery.then for _ in range(3)] == ["reset", "end", "end"]
    nothing = client_of("delete-after:requests=1", "no-content-when-empty", "cache")
    assert [nothing.get(BEYOND).status for _ in range(2)] == [204, 204]
    assert nothing.state.triggered[2] == 0


def test_a_compressed_copy_is_no_refusal() -> None:
    client = client_of("gzip", "cache", "array-errors")
    assert client.get() == client.get()


# --- a moment -----------------------------------------------------------------------------------------------


def test_a_list_is_empty_for_some_requests() -> None:
    client = client_of("empty-moment:after_requests=1,times=2")
    pages = [client.get(MIDDLE) for _ in range(4)]
    assert [len(items_of(page)) for page in pages] == [2, 0, 0, 2]
    assert [content_range(page) for page in pages] == ["4-2/10", "4-0/0", "4-0/0", "4-2/10"]


def test_an_empty_moment_can_declare_no_total() -> None:
    response = client_of("empty-moment:times=1,total=absent").get()
    assert (response.body, response.headers) == (b"[]", ())


def test_a_list_is_empty_for_some_time_after_the_first_empty_answer() -> None:
    client = client_of("empty-moment:after_requests=1,for_ms=100")
    found = []
    for now_s in (0.0, 5.0, 5.05, 5.11, 9.0):
        client.now_s = EPOCH_S + now_s
        found.append(len(client.names()))
    assert found == [10, 0, 0, 10, 10]


def test_an_empty_moment_ends_with_the_first_of_its_bounds() -> None:
    client = client_of("empty-moment:times=2,for_ms=100")
    assert [len(client.names()) for _ in range(3)] == [0, 0, 10]
    client = client_of("empty-moment:times=9,for_ms=100")
    assert client.names() == []
    client.now_s += 0.2
    assert client.names() == NAMES


def test_an_empty_moment_can_be_that_of_one_window() -> None:
    client = client_of("empty-moment:times=1,offset=4,limit=2")
    assert [len(client.window(*window)) for window in ((0, 2), (4, 3), (4, 2), (4, 2))] == [2, 3, 0, 2]


def test_a_moment_without_an_end_is_refused() -> None:
    with pytest.raises(UsageError, match=r"^empty-moment: times or for_ms must be given$"):
        parse_fault("empty-moment:after_requests=1")


# --- the order of ties --------------------------------------------------------------------------------------

TIED = inventory_of(
    *(item(f"a{number}", updated_at=f"2024-01-0{1 + number // 4}T00:00:00Z", num_images=number) for number in range(8))
)
TIED_NAMES = [f"a{number}" for number in range(8)]


def orders_of(text: str, column: str, requests: int = 6) -> list[list[str]]:
    client = DirectClient(TIED, [parse_fault(text)])
    return [client.names(f"limit=8&offset=0&order_column={column}&order_type=asc") for _ in range(requests)]


def test_rows_of_one_time_come_in_another_order_at_every_request() -> None:
    seen = orders_of("unstable-ties:columns=updated_at", "updated_at")
    assert len(set(map(tuple, seen))) > 2
    assert all(set(names[:4]) == set(TIED_NAMES[:4]) and set(names) == set(TIED_NAMES) for names in seen)
    assert orders_of("unstable-ties:columns=updated_at", "name") == [TIED_NAMES] * 6


def test_each_replica_has_an_order_of_ties_of_its_own() -> None:
    seen = orders_of("unstable-ties:by=replica,replicas=3", "updated_at")
    assert seen[:3] == seen[3:]
    assert len(set(map(tuple, seen))) == 3


def test_without_a_column_all_rows_are_ties_and_with_rows_all_any_are() -> None:
    assert orders_of("unstable-ties", "tag_count") == [TIED_NAMES] * 6
    assert orders_of("unstable-ties:rows=all", "tag_count") != [TIED_NAMES] * 6
    client = DirectClient(TIED, [parse_fault("unstable-ties:columns=none")])
    pages = [client.names("limit=4&offset=0") for _ in range(4)]
    assert len(set(map(tuple, pages))) > 1
