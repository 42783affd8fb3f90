"""A target that refuses everything is no inventory: the run says why, in few requests, and publishes nothing."""

from pathlib import Path

import pytest

from crawler.cli.console.exit_status import exit_code_of
from crawler.cli.run_command import run_command
from crawler.crawl import estimate
from crawler.crawl.ending.refused_target import ACTION, error_of
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.inventory.ndjson import synthetic
from crawler.errors import ConfigError, CredentialsError, ErrorDetails, RefusedError, RouteError, SizeRefusedError
from tests.support.emulator_fixture import QuickClock, crawl, port_of, published_keys, serve, snapshot_of

INVENTORY = synthetic(namespaces=4, repositories=200, seed=7)
ALL = "outage:after_requests=0,requests=100000000,status="
REFUSALS = [
    (f"{ALL}403", 77, "swr:repo:listSharedRepos"),
    (f"{ALL}404", 78, "endpoint is the origin"),
    ("odd-answer:how=redirect,times=100000000", 78, "redirects are not followed (to "),
    ("odd-answer:how=coding,times=100000000", 78, "content encoding that was not requested"),
    ("odd-answer:how=403,times=100000000", 77, "swr:repo:listSharedRepos"),
    ("html-response", 78, "such as one to log in"),
    ("redirect:every=1", 78, "(to elsewhere.invalid)"),
]


@pytest.mark.parametrize(("fault", "code", "words"), REFUSALS)
def test_a_target_that_refuses_everything_publishes_nothing_and_ends_by_the_class_of_the_refusal(
    tmp_path: Path, fault: str, code: int, words: str
) -> None:
    clock = QuickClock()
    with serve(INVENTORY, faults=(parse_fault(fault),)) as served:
        result = crawl(served.endpoint, tmp_path, clock=clock)
        requests = served.counters()["requests"]
    assert (exit_code_of(result), result.path, result.status) == (code, None, None)
    assert words in str(result.errors["default"])
    assert requests <= 2 * 12  # two looks, twice, at each walk, in each form of a request
    assert clock.slept_s < 20
    assert not list(tmp_path.glob("snapshot=*"))


@pytest.mark.parametrize("fault", [f"{ALL}403", f"{ALL}404"])
@pytest.mark.parametrize("discover", [False, True])
def test_thousands_of_namespaces_are_not_asked_in_vain(tmp_path: Path, fault: str, *, discover: bool) -> None:
    many = synthetic(namespaces=3000, repositories=3000, seed=3)
    names = () if discover else many.namespaces("self")
    with serve(many, faults=(parse_fault(fault),)) as served:
        result = crawl(served.endpoint, tmp_path, namespaces=names, discover=discover)
        assert served.counters()["requests"] < 400
    assert exit_code_of(result) in {77, 78}
    assert not list(tmp_path.glob("snapshot=*"))


@pytest.mark.parametrize("center", ["self", "thirdparty"])
def test_a_walk_that_is_refused_while_another_is_answered_is_partial(tmp_path: Path, center: str) -> None:
    with serve(INVENTORY, faults=(parse_fault(f"refuse-center:center={center}"),)) as served:
        result = crawl(served.endpoint, tmp_path)
    assert exit_code_of(result) == 3
    verdicts: dict[str, str] = {walk.center: walk.verdict for walk in result.walks}
    assert verdicts.pop(center) == "partial"
    assert set(verdicts.values()) == {"complete"}


def test_when_the_refusal_ends_the_same_command_reads_everything(tmp_path: Path) -> None:
    with serve(INVENTORY, faults=(parse_fault(f"{ALL}403"),)) as served:
        port = port_of(served)
        assert exit_code_of(crawl(served.endpoint, tmp_path)) == 77
    with serve(INVENTORY, port=port) as served:
        result = crawl(served.endpoint, tmp_path)
    assert (exit_code_of(result), result.resumed) == (0, 1)
    assert len(published_keys(snapshot_of(result))) == 200


def test_an_estimate_of_a_target_that_refuses_everything_fails_too(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SWR_CRAWLER_TOKEN", "emulator-token")
    monkeypatch.setattr(estimate, "SystemClock", QuickClock)
    with serve(INVENTORY, faults=(parse_fault(f"{ALL}403"),)) as served:
        assert run_command(["plan", "--endpoint", served.endpoint]) == 77
    assert ACTION in capfd.readouterr().err


@pytest.mark.parametrize("status", [300, 301, 399, 400, 404, 405, 407, 416, 421, 422, 451, 499])
def test_any_other_refusal_is_a_matter_of_the_configuration(status: int) -> None:
    error = error_of("eu", RefusedError(ErrorDetails(status, text="no")))
    assert isinstance(error, ConfigError)
    assert str(error).startswith("target eu: every request is refused: HTTP ")


def test_a_list_of_one_page_that_is_too_large_names_the_setting() -> None:
    error = error_of("eu", SizeRefusedError(ErrorDetails(200, text="the body is larger than 9 bytes")))
    assert isinstance(error, ConfigError)
    assert error.setting == "max_body_bytes"


def test_a_certificate_that_is_not_valid_names_what_to_look_at() -> None:
    error = error_of("eu", RouteError(ErrorDetails(text="the certificate of a.test has expired; do this"), "endpoint"))
    assert isinstance(error, ConfigError)
    assert str(error).endswith(
        "no request gets through: the certificate of a.test has expired; do this; then rerun the command"
    )
    assert error.setting == "endpoint"
    assert isinstance(error_of("eu", RefusedError(ErrorDetails(403))), CredentialsError)
