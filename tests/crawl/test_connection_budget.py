"""How many connections each target may have, and which target waits for them."""

import resource

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.config.config import Config
from crawler.config.load import load
from crawler.crawl.clients import connection_budget
from crawler.crawl.clients.connection_budget import ConnectionBudget, Lease, max_connections, shares
from crawler.files.open_files import open_file_limit

pytestmark = pytest.mark.anyio


def config_of(count: int, *, concurrency: int = 64, rate: object = "unlimited") -> Config:
    tables = "".join(f'[[target]]\nname="t{number}"\nendpoint="https://h{number}.example"\n' for number in range(count))
    flags = {"concurrency": concurrency, "rate_per_s": rate}
    return load(flags=flags, environ={}, file_text=tables, file_name="t.toml").config


@pytest.mark.parametrize(
    ("connections", "targets", "concurrency", "rate", "share"),
    [
        (1280, 1, 64, "unlimited", 64),  # one target has all it asks for
        (1280, 20, 64, "unlimited", 64),  # and so have twenty
        (1280, 40, 64, "unlimited", 32),  # of more each has as much as the others
        (1280, 1500, 64, "unlimited", 4),  # but enough to be worth its turn
        (1280, 1500, 2, "unlimited", 2),
        (1280, 1500, 64, 2.5, 3),  # at a low rate fewer are enough: more targets are open
        (1280, 1500, 64, 0.001, 1),
        (3, 10, 64, "unlimited", 3),  # never more than there are
        (1, 10, 64, "unlimited", 1),
    ],
)
def test_targets_share_the_connections_of_the_process(
    connections: int, targets: int, concurrency: int, rate: object, share: int
) -> None:
    config = config_of(targets, concurrency=concurrency, rate=rate)
    assert set(shares(connections, config.targets).values()) == {share}


async def test_a_target_waits_until_its_share_is_free() -> None:
    budget = ConnectionBudget(8, config_of(3).targets)
    await budget.acquire("t0")
    await budget.acquire("t1")
    opened = []

    async def open_third() -> None:
        opened.append(await budget.acquire("t2"))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(open_third)
        await anyio.wait_all_tasks_blocked()
        assert not opened
        budget.release("t0")
    assert [lease.connections for lease in opened] == [4]


async def test_a_target_that_no_longer_waits_keeps_nothing_from_others() -> None:
    budget = ConnectionBudget(4, config_of(3).targets)
    first = await budget.acquire("t0")
    with anyio.move_on_after(0):
        await budget.acquire("t1")
    assert first.connections == 4
    budget.release("t0")
    assert (await budget.acquire("t2")).connections == 4


async def test_what_is_free_while_no_target_waits_goes_to_those_that_run_in_equal_parts() -> None:
    budget = ConnectionBudget(12, config_of(3, concurrency=7).targets)
    leases = [await budget.acquire(f"t{number}") for number in range(3)]
    grown: list[int] = []
    leases[1].on_growth = grown.append
    budget.release("t0")
    assert [lease.connections for lease in leases[1:]] == [6, 6]
    budget.release("t2")
    assert leases[1].connections == 7  # no more than its concurrency
    assert grown == [6, 7]


async def test_a_target_that_closes_its_connections_gets_no_more() -> None:
    budget = ConnectionBudget(12, config_of(3).targets)
    leases = [await budget.acquire(f"t{number}") for number in range(3)]
    leases[1].keep()
    budget.release("t0")
    assert [lease.connections for lease in leases[1:]] == [4, 8]


@pytest.mark.unmeasured
@given(st.integers(1, 40), st.integers(1, 12), st.integers(1, 9), st.data())
def test_never_more_connections_are_leased_than_there_are(
    connections: int, targets: int, concurrency: int, data: st.DataObject
) -> None:
    async def lease_and_release() -> None:
        budget = ConnectionBudget(connections, config_of(targets, concurrency=concurrency).targets)
        waiting = [f"t{number}" for number in range(targets)]
        leases: dict[str, Lease] = {}
        while waiting or leases:
            may_open = waiting and not (leases and bool(data.draw(st.integers(0, 1))))
            with anyio.move_on_after(0) as scope:
                if may_open:
                    leases[waiting[0]] = await budget.acquire(waiting[0])
                    del waiting[0]
            if leases and (scope.cancelled_caught or not may_open):
                target = sorted(leases)[data.draw(st.integers(0, 99)) % len(leases)]
                del leases[target]
                budget.release(target)
            assert sum(lease.connections for lease in leases.values()) <= connections
            assert all(1 <= lease.connections <= concurrency for lease in leases.values())

    anyio.run(lease_and_release)


def test_connections_are_bounded_below_the_limit_of_open_files(monkeypatch: pytest.MonkeyPatch) -> None:
    limit = open_file_limit()
    assert limit is not None
    for free, expected in ((0, 1), (1, 1), (40, 10), (128, 32), (1000, 468), (10**6, 1280)):
        monkeypatch.setattr(connection_budget, "_open_files", lambda free=free: limit - free)
        assert max_connections() == expected
        assert 2 * expected <= max(free, 2)


def test_without_a_limit_of_open_files_the_processor_is_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert max_connections() == 1280


def test_files_that_are_open_already_count() -> None:
    with open(__file__, "rb") as _:  # noqa: PTH123 - one more
        assert connection_budget._open_files() >= 4  # noqa: SLF001 - the count itself
