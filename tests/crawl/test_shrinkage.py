"""Night after night into one output: a collapse is published, but is not complete until a run accepts it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from crawler.cli.console.exit_status import exit_code_of
from crawler.cli.console.summary import summary
from crawler.crawl.result import RunResult
from crawler.emulator.inventory.center_rows import CenterRows
from crawler.emulator.inventory.ndjson import Inventory, synthetic
from crawler.emulator.server import RunningEmulator
from crawler.snapshot.history.find import find_snapshot
from crawler.snapshot.reader import open_snapshot
from crawler.snapshot.verify import verify
from tests.support.emulator_fixture import crawl, port_of, published_keys, serve, snapshot_of

# A namespace of either center has 75 repositories.
FULL = synthetic(namespaces=20, repositories=3000, seed=7, uniform=True)
EMPTY = synthetic(namespaces=20, repositories=0, seed=7)
FORTY_PERCENT = synthetic(namespaces=20, repositories=1200, seed=7, uniform=True)
Found = tuple[str, str | None, int, int, str]


def without_namespace(inventory: Inventory, namespace: str) -> Inventory:
    kept = {
        center: CenterRows(tuple(group for group in rows.groups if group.namespace != namespace))
        for center, rows in inventory.centers.items()
    }
    return Inventory(kept)


class Nights:
    """Crawls one endpoint into one output, whatever inventory is served there."""

    def __init__(self, output: Path) -> None:
        self.output = output
        self._port = 0

    @contextmanager
    def serving(self, inventory: Inventory) -> Iterator[RunningEmulator]:
        """Serve an inventory where the earlier ones were served: another endpoint would be another plan."""
        with serve(inventory, port=self._port) as served:
            self._port = port_of(served)
            yield served

    def night(self, name: str, inventory: Inventory, **flags: Any) -> RunResult:  # noqa: ANN401
        """Crawl `inventory`, and check what all nights have in common: everything served is published and sound."""
        with self.serving(inventory) as served:
            result = crawl(served.endpoint, self.output, snapshot=name, **flags)
        folder = snapshot_of(result)
        assert verify(open_snapshot(folder)).differences == ()
        assert len(published_keys(folder)) == sum(walk.records for walk in result.walks)
        assert (folder / "_SUCCESS").exists() is (exit_code_of(result) == 0)
        return result

    def latest(self) -> str:
        return find_snapshot("latest", self.output).name.removeprefix("snapshot=")


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    return Nights(tmp_path)


def shrunk(result: RunResult) -> list[Found]:
    assert result.manifest is not None
    assert result.manifest.shrinkage == result.shrinkage
    return [(one.center, one.namespace, one.before, one.now, one.snapshot) for one in result.shrinkage]


def both(before: int, now: int, since: str) -> list[Found]:
    return [(center, None, before, now, since) for center in ("self", "thirdparty")]


def test_a_collapse_is_incomplete_each_night_until_it_is_accepted_once(nights: Nights) -> None:
    assert exit_code_of(nights.night("night1", FULL)) == 0
    for name in ("night2", "night3"):  # a snapshot that shrank is not what the next one is compared with
        result = nights.night(name, EMPTY)
        assert (exit_code_of(result), nights.latest()) == (3, "night1")
        assert shrunk(result) == both(1500, 0, "night1")
        assert result.manifest is not None
        assert result.manifest.status == "incomplete"
        kept = [path.name for path in (nights.output / ".work" / name).glob("[!.]*")]
        assert kept == ["run.json"]  # a run that the command has named is found again by its state
        assert "run the same command once with --allow-shrink" in summary(result)
    accepted = nights.night("night4", EMPTY, allow_shrink=True)
    assert (exit_code_of(accepted), nights.latest()) == (0, "night4")
    assert shrunk(accepted) == both(1500, 0, "night1")
    after = nights.night("night5", EMPTY)
    assert (exit_code_of(after), nights.latest(), shrunk(after)) == (0, "night5", [])


def test_less_than_half_left_is_a_collapse_and_a_recovery_is_none(nights: Nights) -> None:
    nights.night("night1", FULL)
    result = nights.night("night2", FORTY_PERCENT)
    assert (exit_code_of(result), shrunk(result)) == (3, both(1500, 600, "night1"))
    again = nights.night("night3", FULL)
    assert (exit_code_of(again), nights.latest(), shrunk(again)) == (0, "night3", [])


def test_how_a_night_reads_does_not_matter_but_the_scope_does(nights: Nights) -> None:
    nights.night("night1", FULL)
    otherwise = nights.night("night2", EMPTY, limit=100, double_read=True, max_passes=2)
    assert (exit_code_of(otherwise), shrunk(otherwise)) == (3, both(1500, 0, "night1"))
    namespace = FULL.namespaces("self")[0]
    scope = nights.night("night3", EMPTY, namespaces=namespace, allow_partial_coverage=True)
    assert (exit_code_of(scope), shrunk(scope)) == (0, [])
    one_center = nights.night("night4", EMPTY, centers="self")
    assert (exit_code_of(one_center), shrunk(one_center)) == (3, [("self", None, 1500, 0, "night1")])


def test_standard_output_is_compared_with_nothing(nights: Nights, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    nights.night("night1", FULL)
    with nights.serving(EMPTY) as served:
        result = crawl(served.endpoint, "-")
    assert (exit_code_of(result), result.shrinkage, capfdbinary.readouterr().out) == (0, (), b"")


@pytest.mark.parametrize("limits", [{"max_shrink_percent": "60"}, {"min_shrink_records": "901"}])
def test_the_limits_are_settings(nights: Nights, limits: dict[str, str]) -> None:
    nights.night("night1", FULL)
    environ = {f"SWR_CRAWLER_{name.upper()}": value for name, value in limits.items()}
    result = nights.night("night2", FORTY_PERCENT, environ={"SWR_CRAWLER_TOKEN": "emulator-token", **environ})
    assert (exit_code_of(result), shrunk(result)) == (0, [])


def test_a_namespace_that_vanished_is_found_where_each_has_a_walk_of_its_own(nights: Nights) -> None:
    gone = FULL.namespaces("self")[7]
    nineteen = without_namespace(FULL, gone)
    nights.night("night1", FULL, discover=True)
    result = nights.night("night2", nineteen, discover=True)
    assert (exit_code_of(result), nights.latest()) == (3, "night1")
    assert shrunk(result) == [("self", gone, 75, 0, "night1")]
    assert all(walk.namespace != gone for walk in result.walks)
    assert exit_code_of(nights.night("night3", nineteen, discover=True, allow_shrink=True)) == 0
    assert exit_code_of(nights.night("night4", nineteen, discover=True)) == 0
