"""The unit of failure is the target: what the others hold is published, and the same command reads only the rest."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from crawler.cli.console.exit_status import exit_code_of
from crawler.config.load import load
from crawler.crawl.result import RunResult
from crawler.diff.compare import Comparison
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.inventory.ndjson import Inventory, synthetic
from crawler.emulator.server import RunningEmulator
from crawler.snapshot.manifest import Manifest
from crawler.snapshot.reader import open_snapshot
from crawler.snapshot.verify import verify
from tests.support.emulator_fixture import TOKEN, QuickClock, parts, port_of, records, serve, snapshot_of
from tests.support.running import run_crawl

NAMES: Final = ("de", "nl", "sg")
HELD: Final = tuple(synthetic(namespaces=2, repositories=150, seed=seed) for seed in (7, 8, 9))


@contextmanager
def regions(*down: str, faults: str = "", ports: tuple[int, ...] = (), token: str = "") -> Iterator["Regions"]:
    """Serve three regions, on these `ports` if given. Nobody listens for those of `down`.

    With `faults` or a `token` that the crawler does not have, they listen and have these instead.
    """
    is_silent = not (faults or token)
    with ExitStack() as stack:
        served = {}
        for number, (name, held) in enumerate(zip(NAMES, HELD, strict=True)):
            settings: dict[str, Any] = {"port": ports[number] if ports else 0}
            if name in down and not is_silent:
                settings |= {"faults": tuple(map(parse_fault, faults.split()))} | ({"token": token} if token else {})
            served[name] = stack.enter_context(serve(held, **settings))
        ports = tuple(map(port_of, served.values()))
        if not (down and is_silent):
            yield Regions(served, ports)
            return
    with ExitStack() as stack:  # now their ports are known
        up = [(name, held, port) for name, held, port in zip(NAMES, HELD, ports, strict=True) if name not in down]
        yield Regions({name: stack.enter_context(serve(held, port=port)) for name, held, port in up}, ports)


class Regions:
    """Three regions, of which some listen, each on its port."""

    def __init__(self, served: dict[str, RunningEmulator], ports: tuple[int, ...]) -> None:
        self.served = served
        self.ports = ports

    def requests(self) -> dict[str, int]:
        """Return how many requests each of those that listen has received."""
        return {name: one.counters()["requests"] for name, one in self.served.items()}

    def crawl(self, output: Path | str, environ: dict[str, str] = TOKEN, **flags: object) -> RunResult:
        tables = (
            f'[[target]]\nname = "{name}"\nendpoint = "http://127.0.0.1:{port}"\nrate_per_s = "unlimited"\n'
            for name, port in zip(NAMES, self.ports, strict=True)
        )
        given = {"output": str(output), "limit": 40, **flags}
        config = load(flags=given, environ=environ, file_text="\n".join(tables), file_name="t.toml").config
        return run_crawl(config, environ, clock=QuickClock())


def manifest_of(result: RunResult) -> Manifest:
    assert result.manifest is not None
    return result.manifest


def states(result: RunResult) -> list[tuple[str, str, int, int]]:
    return [(one.name, one.state, one.planned, one.published) for one in manifest_of(result).targets]


def count(*held: Inventory) -> int:
    return sum(len(list(one.items(center))) for one in held for center in ("self", "thirdparty"))


def without_run(manifest: Manifest) -> list[dict[str, object]]:
    """Return the walks of a manifest without what differs from run to run."""
    return [{**msgspec.to_builtins(walk), "carried_from": "", "requests": 0} for walk in manifest.walks]


@pytest.mark.parametrize("down", NAMES)
def test_what_the_other_targets_hold_is_published_and_the_snapshot_names_the_one_that_failed(
    tmp_path: Path, down: str
) -> None:
    with regions(down) as served:
        result = served.crawl(tmp_path)
    snapshot = snapshot_of(result)
    assert exit_code_of(result) == 75
    assert manifest_of(result).status == "incomplete"
    assert states(result) == [(name, "failed", 2, 0) if name == down else (name, "ended", 2, 2) for name in NAMES]
    (failed,) = (one for one in manifest_of(result).targets if one.state == "failed")
    assert (failed.kind, failed.reason) == ("unavailable", str(result.errors[down]))
    assert {record["target"] for record in records(snapshot)} == set(NAMES) - {down}
    assert len(records(snapshot)) == count(*(held for name, held in zip(NAMES, HELD, strict=True) if name != down))
    assert not (snapshot / "_SUCCESS").exists()
    assert not (tmp_path / "latest").exists()
    assert verify(open_snapshot(snapshot)).differences == ()


@pytest.mark.parametrize("down", NAMES)
def test_the_same_command_asks_only_the_target_that_failed_and_ends_with_the_records_of_one_run(
    tmp_path: Path, down: str
) -> None:
    with regions(down) as served:
        first = served.crawl(tmp_path / "night")
        before = parts(snapshot_of(first))
    with regions(ports=served.ports) as served:
        again = served.crawl(tmp_path / "night")
        asked = served.requests()
        whole = served.crawl(tmp_path / "whole")
    assert {name for name, number in asked.items() if number} == {down}
    assert (exit_code_of(again), again.resumed) == (0, 1)
    assert parts(snapshot_of(again)) == parts(snapshot_of(whole))
    assert without_run(manifest_of(again)) == without_run(manifest_of(whole))
    assert again.snapshot != first.snapshot
    assert parts(snapshot_of(first)) == before  # a published snapshot never changes
    (carried,) = manifest_of(again).carried_over
    assert carried.snapshot == first.snapshot
    assert (carried.started_at, carried.finished_at) == (
        manifest_of(first).started_at,
        manifest_of(first).finished_at,
    )
    assert {walk.target: walk.carried_from for walk in manifest_of(again).walks} == {
        name: "" if name == down else first.snapshot for name in NAMES
    }
    assert (tmp_path / "night" / "latest").resolve() == snapshot_of(again).resolve()
    assert not list((tmp_path / "night" / ".work").glob("*/"))
    assert verify(open_snapshot(snapshot_of(again))).differences == ()


def test_a_target_that_stays_down_leaves_the_others_carried_over_night_after_night(tmp_path: Path) -> None:
    with regions("nl") as served:
        results = [served.crawl(tmp_path) for _ in range(3)]
        assert served.requests() == {"de": results[0].stats[0].requests, "sg": results[0].stats[2].requests}
    assert [exit_code_of(result) for result in results] == [75, 75, 75]
    assert len({result.snapshot for result in results}) == 3
    for result in results[1:]:
        assert [one.snapshot for one in manifest_of(result).carried_over] == [results[0].snapshot]
        assert parts(snapshot_of(result)) == parts(snapshot_of(results[0]))
    with regions(ports=served.ports) as served:
        last = served.crawl(tmp_path)
    assert exit_code_of(last) == 0
    assert len(records(snapshot_of(last))) == count(*HELD)


def test_of_a_run_all_of_whose_targets_failed_nothing_is_published(tmp_path: Path) -> None:
    with regions(*NAMES) as served:
        result = served.crawl(tmp_path)
    assert (exit_code_of(result), result.path, result.status) == (75, None, None)
    assert not list(tmp_path.glob("snapshot=*"))


@pytest.mark.parametrize(("require", "code"), [("all", 77), ("any", 3)])
def test_require_says_whose_exit_code_it_is(tmp_path: Path, require: str, code: int) -> None:
    with regions("sg", token="another") as served:
        result = served.crawl(tmp_path, require=require)
    assert exit_code_of(result) == code
    assert result.path is not None
    assert [one.kind for one in manifest_of(result).targets] == [None, None, "credentials"]


def test_records_of_the_other_targets_go_to_standard_output_too(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    with regions("de") as served:
        result = served.crawl("-")
    assert (exit_code_of(result), result.status, result.path, result.state) == (75, "incomplete", None, None)
    assert len(capfdbinary.readouterr().out.splitlines()) == count(*HELD[1:])


def test_a_target_goes_on_where_it_stopped_and_what_it_proved_is_published(tmp_path: Path) -> None:
    with regions("de", faults="outage:after_requests=11,requests=100000") as served:
        first = served.crawl(tmp_path, concurrency=1, limit=10)
    assert exit_code_of(first) == 75
    assert states(first)[0] == ("de", "failed", 2, 1)
    with regions(ports=served.ports) as served:
        again = served.crawl(tmp_path, concurrency=1, limit=10)
        asked = served.requests()
        whole = served.crawl(tmp_path / "whole", concurrency=1, limit=10)
    assert exit_code_of(again) == 0
    assert 0 < asked["de"] < whole.stats[0].requests
    assert parts(snapshot_of(again)) == parts(snapshot_of(whole))


def test_a_center_with_lost_windows_is_read_anew_and_the_other_center_is_carried_over(tmp_path: Path) -> None:
    fault = "empty-page:offset=40,times=forever"
    with regions("nl", faults=fault) as served:
        first = served.crawl(tmp_path, centers=("self", "thirdparty"))
        verdicts = {(walk.target, walk.center): walk.verdict for walk in first.walks}
    lost = {place for place, verdict in verdicts.items() if verdict == "partial"}
    assert exit_code_of(first) == 3
    assert {target for target, _ in lost} == {"nl"}
    with regions(ports=served.ports) as served:
        again = served.crawl(tmp_path)
        assert {name for name, number in served.requests().items() if number} == {"nl"}
        whole = served.crawl(tmp_path / "whole")
    assert exit_code_of(again) == 0
    assert parts(snapshot_of(again)) == parts(snapshot_of(whole))
    carried = {(walk.target, walk.center) for walk in manifest_of(again).walks if walk.carried_from}
    assert carried == verdicts.keys() - lost


def test_without_the_snapshot_that_holds_them_the_records_are_asked_for_again(tmp_path: Path) -> None:
    with regions("sg") as served:
        first = served.crawl(tmp_path)
        shutil.rmtree(snapshot_of(first))
    with regions(ports=served.ports) as served:
        again = served.crawl(tmp_path)
    assert exit_code_of(again) == 0
    assert len(records(snapshot_of(again))) == count(*HELD)


def test_a_changed_byte_of_the_snapshot_is_not_carried_over(tmp_path: Path) -> None:
    with regions("sg") as served:
        first = served.crawl(tmp_path)
    part = next(snapshot_of(first).glob("target=de/center=self/*.ndjson"))
    text = part.read_bytes()
    part.write_bytes(text.replace(b'"namespace":"', b'"namespace":"x', 1)[: len(text)])
    with regions(ports=served.ports) as served:
        again = served.crawl(tmp_path)
        whole = served.crawl(tmp_path / "whole")
    assert exit_code_of(again) == 0
    assert parts(snapshot_of(again)) == parts(snapshot_of(whole))


def test_a_snapshot_with_a_given_id_is_followed_by_one_with_a_number(tmp_path: Path) -> None:
    with regions("sg") as served:
        first = served.crawl(tmp_path, snapshot="nightly")
    with regions(ports=served.ports) as served:
        again = served.crawl(tmp_path, snapshot="nightly")
    assert [first.snapshot, again.snapshot] == ["nightly", "nightly-2"]
    assert (exit_code_of(first), exit_code_of(again)) == (75, 0)


def test_a_run_that_goes_on_can_be_dropped(tmp_path: Path) -> None:
    with regions("sg") as served:
        served.crawl(tmp_path)
    with regions(ports=served.ports) as served:
        again = served.crawl(tmp_path, resume=False)
        assert all(served.requests().values())
    assert (exit_code_of(again), again.resumed, manifest_of(again).carried_over) == (0, 0, ())
    assert not list((tmp_path / ".work").glob("*/"))


def test_a_target_that_failed_has_not_lost_its_repositories(tmp_path: Path) -> None:
    with regions() as served:
        whole = served.crawl(tmp_path)
    with regions("nl", ports=served.ports) as served:
        failed = served.crawl(tmp_path, max_passes=4)  # another command, but the same plan of each center
    assert (exit_code_of(whole), exit_code_of(failed)) == (0, 75)
    assert failed.shrinkage == ()
    assert (tmp_path / "latest").resolve() == snapshot_of(whole).resolve()
    comparison = Comparison(manifest_of(whole), manifest_of(failed))
    unknown = {(one.target, one.center): one.reasons for one in comparison.unknown()}
    assert set(unknown) == {("nl", "self"), ("nl", "thirdparty")}
    assert {reason.reason for reasons in unknown.values() for reason in reasons} == {"target failed"}
