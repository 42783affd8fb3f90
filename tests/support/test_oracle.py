"""The oracle lets a walk be complete without some rows only for what no client can see.

Each claim is a real snapshot, but of another service than the one that the oracle is told of.
"""

from pathlib import Path
from typing import Any

import pytest

from crawler.cli.console.exit_status import exit_code_of
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.inventory.center_rows import Inventory
from crawler.emulator.inventory.ndjson import synthetic
from tests.support.blind_spots import DESCRIPTIONS, blind_spots
from tests.support.emulator_fixture import crawl, serve, snapshot_of
from tests.support.oracle import ServerHistory, violations

INVENTORY = synthetic(namespaces=3, repositories=60, seed=7, uniform=True)
LESS = INVENTORY.without(0, 10)  # 20 of 30 rows in each center
NOTHING = INVENTORY.without(0, 30)
THIRD_PARTY_TWICE = Inventory(dict.fromkeys(INVENTORY.centers, INVENTORY.centers["thirdparty"]))
UNEQUAL = Inventory({**INVENTORY.centers, "thirdparty": INVENTORY.centers["thirdparty"].without(0, 1)})


def judged(
    claimed: Inventory,
    output: Path,
    *texts: str,
    held: Inventory = INVENTORY,
    double_read: bool = False,
    server: tuple[str, ...] = (),
    **settings: Any,  # noqa: ANN401 - the settings of a crawl
) -> list[str]:
    """Crawl `claimed` from a service with the faults `server`; judge it as of one with `texts` that held `held`."""
    with serve(claimed, faults=tuple(map(parse_fault, server))) as served:
        result = crawl(served.endpoint, output, limit=10, **settings)
    history = ServerHistory.of(held, map(parse_fault, texts), requests=20)
    return violations(snapshot_of(result), exit_code_of(result), history, double_read=double_read)


def test_a_row_that_was_held_throughout_must_be_published(tmp_path: Path) -> None:
    assert judged(INVENTORY, tmp_path) == []
    first, second = judged(LESS, tmp_path)
    assert first.startswith("complete without [('self', ")
    assert second.startswith("complete without [('thirdparty', ")


@pytest.mark.parametrize("text", ["ceiling:at=19", "ceiling:at=21", "capped-total:at=20"])
def test_only_as_many_rows_as_its_ceiling_serves_excuse_a_walk(text: str, tmp_path: Path) -> None:
    assert judged(LESS, tmp_path, "ceiling:at=20") == []
    assert len(judged(LESS, tmp_path, text)) == 2


@pytest.mark.parametrize(
    ("text", "excused"),
    [
        ("empty-moment:times=2", True),
        ("empty-moment:for_ms=101", True),
        ("empty-moment:times=1", False),
        ("empty-moment:for_ms=100", False),
        ("empty-moment:times=9,for_ms=100", False),
        ("lost-permission", True),
        ("lost-permission:requests=20", False),
    ],
)
def test_emptiness_is_excused_only_if_it_outlasts_two_looks(text: str, excused: bool, tmp_path: Path) -> None:  # noqa: FBT001
    assert (judged(NOTHING, tmp_path, text) == []) == excused


def test_a_long_moment_excuses_no_walk_that_has_seen_rows(tmp_path: Path) -> None:
    assert len(judged(LESS, tmp_path, "empty-moment:times=2")) == 2


@pytest.mark.parametrize("text", ["ignore-center:sends=thirdparty", "cache:ignores=center"])
def test_an_ignored_center_is_hidden_from_who_reads_one_and_told_by_who_reads_both(text: str, tmp_path: Path) -> None:
    assert judged(THIRD_PARTY_TWICE, tmp_path, text, centers=("self",)) == []
    assert judged(THIRD_PARTY_TWICE, tmp_path, text) == []  # the snapshot says that one list came for both
    refuse = "refuse-center:center=thirdparty"
    assert judged(THIRD_PARTY_TWICE, tmp_path / "refused", text, refuse, server=(refuse,)) == []  # nobody read both


@pytest.mark.parametrize("text", ["missing-owner:every=1", "old-replica:every=1,totals=right,owner=absent"])
def test_a_row_may_lack_its_owner_only_if_the_service_left_it_out(text: str, tmp_path: Path) -> None:
    assert judged(INVENTORY, tmp_path, text, server=(text,)) == []
    found = judged(INVENTORY, tmp_path, server=(text,))
    assert sum("was never there" in one for one in found) == 60


def test_a_stale_replica_excuses_its_own_state_and_no_other(tmp_path: Path) -> None:
    assert judged(LESS, tmp_path, "stale-replica:every=2,lacks=10") == []
    assert judged(INVENTORY, tmp_path, "stale-replica:every=2,lacks=10") == []
    assert len(judged(LESS, tmp_path, "stale-replica:every=2,lacks=9")) == 2


@pytest.mark.parametrize(
    ("text", "double_read", "excused"),
    [
        ("stale-replica:every=2,holds=1", False, True),
        ("stale-replica:every=2,holds=1", True, True),
        ("stale-replica:every=2,holds=1,by=url", False, True),
        ("stale-replica:every=2,holds=1,by=url", True, False),
        ("swap-after:requests=3", False, True),
        ("swap-after:requests=3", True, False),
        ("wrong-walk:every=3", False, True),
        ("wrong-walk:every=3", True, True),
        ("wrong-walk:every=3,times=1", False, True),
        ("wrong-walk:every=3,times=1", True, False),
    ],
)
def test_equal_totals_are_excused_where_two_passes_may_not_tell(
    text: str,
    double_read: bool,  # noqa: FBT001 - a parameter
    excused: bool,  # noqa: FBT001 - a parameter
    tmp_path: Path,
) -> None:
    found = judged(INVENTORY.without(20, 1), tmp_path, text, double_read=double_read)
    assert (found == []) == excused


def test_another_walks_page_is_seen_by_its_total(tmp_path: Path) -> None:
    claimed = UNEQUAL.without(20, 1)
    assert judged(claimed, tmp_path, "wrong-walk:every=3", held=UNEQUAL) != []


def test_rows_that_no_total_counts_are_not_reported_missing(tmp_path: Path) -> None:
    server = ("ceiling:at=20", "fail-window:offset=10")
    assert judged(INVENTORY, tmp_path, *server, server=server) == []
    found = judged(INVENTORY, tmp_path, server=server)
    assert found == ["partial: 10 reported missing, but 20 are"] * 2


def test_rows_in_no_walk_must_be_reported(tmp_path: Path) -> None:
    by_namespace: dict[str, Any] = {"centers": ("self",), "namespaces": ("namespace",)}
    claimed = INVENTORY.without(10, 20)
    assert judged(claimed, tmp_path, held=claimed, **by_namespace) == []
    assert judged(claimed, tmp_path, **by_namespace) == ["20 rows of self are in no walk and not reported"]
    assert judged(claimed, tmp_path, "ceiling:at=10", **by_namespace) == []
    assert judged(INVENTORY, tmp_path, **by_namespace) == []


def test_two_services_one_after_the_other_hide_what_each_of_them_hides(tmp_path: Path) -> None:
    ceiling = ServerHistory.of(INVENTORY, [parse_fault("ceiling:at=20")])
    owners = ServerHistory.of(INVENTORY, [parse_fault("missing-owner:every=1")])
    with serve(LESS, faults=(parse_fault("missing-owner:every=1"),)) as served:
        result = crawl(served.endpoint, tmp_path, limit=10)
    assert violations(snapshot_of(result), exit_code_of(result), ceiling.then(owners)) == []
    assert violations(snapshot_of(result), exit_code_of(result), owners) != []


def test_every_blind_spot_is_described() -> None:
    texts = ["ceiling:at=1", "empty-moment:times=2", "ignore-center", "wrong-walk:every=2"]
    faults = map(parse_fault, texts)
    assert [spot.name for spot in blind_spots(faults, lambda walk: walk.distinct)] == list(DESCRIPTIONS)[:5]
