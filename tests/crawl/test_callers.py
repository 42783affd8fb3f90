"""Stopped as one account and run again as another, the same command publishes nothing of the first."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from crawler.cli.console.exit_status import exit_code_of
from crawler.config.credentials.methods import OidcMethod, PodIdentityMethod
from crawler.config.load import load
from crawler.config.settings.secret_ref import SecretRef
from crawler.crawl.clients.workload_factories import identity_token, names_of
from crawler.crawl.result import RunResult
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.http.request import MACHINE_DATA, POD_CREDENTIALS
from crawler.emulator.inventory.ndjson import Inventory, synthetic
from crawler.emulator.server import RunningEmulator
from crawler.errors import CredentialsError, UsageError
from crawler.store.output.run_state import read_state, write_state
from tests.support.emulator_fixture import QuickClock, inventory_keys, port_of, published_keys, serve, snapshot_of
from tests.support.identity_tokens import POD_CLAIMS, jwt
from tests.support.process_kill import KILLED, CallAtRequest, KillableCrawl
from tests.support.running import run_crawl

Account = Mapping[str, Any]  # settings of an emulator, which say whose credentials it accepts

A: Final[Account] = {
    "token": "MII-token-of-a",
    "ak": "AKOFACCOUNTA",
    "sk": "SKofAccountA",
    "user": "user-of-a",
    "password": "password-of-a",
    "domain": "account-a",
    "project_id": "a" * 32,
    "machine_id": "ecs-of-a",
    "id_token": jwt({**POD_CLAIMS, "sub": "subject-of-a"}),
    "provider_urn": "provider-of-a",
    "agency_urn": "agency-of-a",
    "idp": "idp-of-a",
}
B: Final[Account] = {
    name: value.replace("a" * 32, "b" * 32).replace("-a", "-b").replace("A", "B") for name, value in A.items()
} | {"id_token": jwt({**POD_CLAIMS, "sub": "subject-of-b"})}
NAMELESS: Final = "another token issuer and another subject"
PRIVATE: Final = synthetic(namespaces=3, repositories=200, seed=7)
OTHERS: Final = synthetic(namespaces=2, repositories=120, seed=8)
WORKLOADS: Final = ("oidc", "idp", "pod-identity")
METHODS: Final = ("token", "aksk", "password", "metadata", *WORKLOADS)
STOP: Final = parse_fault("unauthorized:after_requests=6")


def crawl_as(account: Account, method: str, served: RunningEmulator, output: Path, **flags: object) -> RunResult:
    environ: dict[str, str] = {
        "token": {"HW_AUTH_TOKEN": account["token"]},
        "aksk": {
            "HUAWEICLOUD_SDK_AK": account["ak"],
            "HUAWEICLOUD_SDK_SK": account["sk"],
            "HUAWEICLOUD_SDK_PROJECT_ID": account["project_id"],
        },
        "password": {
            "OS_AUTH_URL": f"{served.endpoint}/v3",
            "OS_USERNAME": account["user"],
            "OS_PASSWORD": account["password"],
            "OS_USER_DOMAIN_NAME": account["domain"],
            "OS_PROJECT_NAME": "cn-north-4",
        },
        "metadata": {
            "SWR_CRAWLER_AUTH": "metadata",
            "SWR_CRAWLER_METADATA_ENDPOINT": served.endpoint,
            "SWR_CRAWLER_PROJECT_ID": account["project_id"],
        },
        "oidc": {
            "HUAWEICLOUD_OIDC_PROVIDER_URN": account["provider_urn"],
            "HUAWEICLOUD_OIDC_AGENCY_URN": account["agency_urn"],
            "HUAWEICLOUD_OIDC_ID_TOKEN": account["id_token"],
            "HUAWEICLOUD_SDK_STS_ENDPOINT": served.endpoint,
            "HUAWEICLOUD_SDK_PROJECT_ID": account["project_id"],
        },
        "idp": {
            "HUAWEICLOUD_SDK_IDP_ID": account["idp"],
            "HUAWEICLOUD_SDK_ID_TOKEN_FILE": token_file(account, output),
            "HUAWEICLOUD_SDK_IAM_ENDPOINT": served.endpoint,
            "HUAWEICLOUD_SDK_PROJECT_ID": account["project_id"],
        },
        "pod-identity": {
            "HC_CONTAINER_CREDENTIALS_FULL_URI": served.endpoint + POD_CREDENTIALS,
            "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE": token_file(account, output),
            "HUAWEICLOUD_SDK_PROJECT_ID": account["project_id"],
        },
    }[method]
    given = {"rate_per_s": "unlimited", "limit": 20, "endpoint": served.endpoint, "output": str(output), **flags}
    config = load(flags=given, environ=environ, file_text=None, file_name=None).config
    return run_crawl(config, environ, clock=QuickClock())


def token_file(account: Account, output: Path) -> str:
    """Write the identity token of an account beside the output, as a platform does; return its path."""
    path = output.with_name(f"{output.name}-token")
    path.write_text(account["id_token"])
    return str(path)


@contextmanager
def again(stopped: RunningEmulator, account: Account, inventory: Inventory = PRIVATE) -> Iterator[RunningEmulator]:
    """Serve an account at the endpoint where the run was stopped."""
    with serve(inventory, port=port_of(stopped), **account) as served:
        yield served


def stopped_run(method: str, output: Path, account: Account = A, **flags: object) -> RunningEmulator:
    """Crawl as an account, and stop in the middle."""
    with serve(PRIVATE, faults=(STOP,), **account) as served:
        result = crawl_as(account, method, served, output, concurrency=1, **flags)
    assert exit_code_of(result) == 77
    assert sum(one.pages for one in result.stats) > 2
    return served


def assert_holds(result: RunResult, inventory: Inventory, *, resumed: int) -> None:
    assert (exit_code_of(result), result.resumed) == (0, resumed), result.errors
    assert set(published_keys(snapshot_of(result))) == inventory_keys(inventory)


def reasons(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.__dict__["reason"] for record in caplog.records if record.message == "run.not_resumed"]


@pytest.mark.parametrize(
    ("method", "reason"),
    [
        ("token", "another token"),
        ("aksk", "another project and another access key"),
        ("password", "another account and another user"),
        ("metadata", "another machine and another project"),
        ("oidc", "another agency and another identity provider and another subject and another project"),
        ("idp", "another identity provider and another subject and another project"),
        ("pod-identity", "another subject and another project"),
    ],
)
def test_run_again_as_another_account_the_same_command_publishes_nothing_of_the_first(
    tmp_path: Path, method: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert inventory_keys(PRIVATE) - inventory_keys(OTHERS)
    stopped = stopped_run(method, tmp_path)
    with again(stopped, B, OTHERS) as served:
        with pytest.raises(UsageError, match=f"is of other credentials .target default: {reason}.; without --resume"):
            crawl_as(B, method, served, tmp_path, resume=True)
        assert_holds(crawl_as(B, method, served, tmp_path), OTHERS, resumed=0)
    assert reasons(caplog) == [f"target default: {reason}"]
    with again(stopped, A) as served:  # what the first account read is still its own
        assert_holds(crawl_as(A, method, served, tmp_path), PRIVATE, resumed=1)


@pytest.mark.parametrize("method", METHODS)
def test_the_same_caller_resumes_by_every_method(tmp_path: Path, method: str) -> None:
    stopped = stopped_run(method, tmp_path)
    with again(stopped, A) as served:
        assert_holds(crawl_as(A, method, served, tmp_path, resume=True), PRIVATE, resumed=1)


@pytest.mark.parametrize("other", [method for method in METHODS if method != "aksk"])
def test_another_method_may_be_another_account(tmp_path: Path, other: str) -> None:
    stopped = stopped_run("aksk", tmp_path)
    with again(stopped, A) as served:
        assert_holds(crawl_as(A, other, served, tmp_path), PRIVATE, resumed=0)


@pytest.mark.parametrize(
    ("method", "renewed"),
    [
        ("password", {"password": "changed-since"}),  # the same user of the same account and project, by name
        ("aksk", {"sk": "SecretOfTheSameKey"}),
        ("metadata", {"temporary_requests": 30}),  # each key of a machine is another
        *((method, {"id_token": jwt({**POD_CLAIMS, "sub": "subject-of-a", "exp": 7})}) for method in WORKLOADS),
    ],
)
def test_credentials_renewed_for_a_known_caller_resume_the_run(
    tmp_path: Path, method: str, renewed: Mapping[str, Any]
) -> None:
    stopped = stopped_run(method, tmp_path)
    account = {**A, **renewed}
    with again(stopped, account) as served:
        assert_holds(crawl_as(account, method, served, tmp_path), PRIVATE, resumed=1)


@pytest.mark.parametrize(
    ("method", "renewed", "reason"),
    [
        ("aksk", {"ak": "AKROTATED", "sk": "SKrotated"}, "another access key"),
        ("token", {"token": "MII-renewed"}, "another token"),
        *((method, {"id_token": "opaque"}, f"{NAMELESS} and another identity token") for method in ("oidc", "idp")),
        (
            "pod-identity",
            {"id_token": jwt({"iss": "i", "sub": "s"})},  # of which cluster, it does not say
            f"{NAMELESS} and another service account id and another identity token",
        ),
    ],
)
def test_a_rotated_key_or_a_renewed_token_begins_a_new_run_since_nothing_says_whose_it_is(
    tmp_path: Path, method: str, renewed: Mapping[str, Any], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    stopped = stopped_run(method, tmp_path)
    account = {**A, **renewed}
    with again(stopped, account) as served:
        assert_holds(crawl_as(account, method, served, tmp_path), PRIVATE, resumed=0)
    assert reasons(caplog) == [f"target default: {reason}"]


def test_other_permissions_of_a_session_are_another_caller() -> None:
    def names(policy: str | None = None, policy_ids: tuple[str, ...] = ()) -> dict[str, str]:
        method = OidcMethod(
            id_token=SecretRef("env", "T"),
            token_setting="T",
            provider_urn="p",
            agency_urn="a",
            session_name="s",
            duration_s=900,
            policy=policy,
            policy_ids=policy_ids,
            sts_endpoint="https://sts",
            project_id=None,
        )
        return names_of(method, "t")[0]

    assert names() == {"agency": "a", "identity provider": "p"}
    limited = [names("{}"), names(None, ("x", "y")), names(None, ("y",)), names("{}", ("y",)), names()]
    assert all(one != other for index, one in enumerate(limited) for other in limited[index + 1 :])
    assert names("{}") == names("{}")


def test_on_a_machine_that_nobody_names_no_run_is_resumed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    stopped = stopped_run("metadata", tmp_path)
    with again(stopped, {**A, "metadata": "off"}) as served:
        assert exit_code_of(crawl_as(A, "metadata", served, tmp_path)) == 77
    assert reasons(caplog) == ["target default: the id of this machine is not known"]


def test_a_machine_with_several_targets_is_asked_for_its_id_once(tmp_path: Path) -> None:
    with serve(OTHERS, **A) as served:
        text = (
            f'[crawl]\nauth = "metadata"\nmetadata_endpoint = "{served.endpoint}"\nproject_id = "{A["project_id"]}"\n'
        )
        text += "".join(f'[[target]]\nname = "{name}"\nendpoint = "{served.endpoint}"\n' for name in ("one", "two"))
        config = load(flags={"output": str(tmp_path)}, environ={}, file_text=text, file_name="f").config
        assert exit_code_of(run_crawl(config, {}, clock=QuickClock())) == 0
        assert served.counters()["by_path"][MACHINE_DATA] == 1


def test_killed_instead_of_stopped_it_is_the_same(tmp_path: Path) -> None:
    crawler = KillableCrawl()
    kill = CallAtRequest(6, crawler.kill)
    environ = {"SWR_CRAWLER_TOKEN": A["token"]}
    with serve(PRIVATE, faults=(kill,), **A) as served:
        assert crawler.crawl(served.endpoint, str(tmp_path), environ=environ, limit=20, concurrency=1) == KILLED
    with again(served, B, OTHERS) as second:
        assert_holds(crawl_as(B, "token", second, tmp_path), OTHERS, resumed=0)
    with again(served, A) as third:
        assert_holds(crawl_as(A, "token", third, tmp_path), PRIVATE, resumed=1)


def test_the_state_of_a_run_holds_no_secret(tmp_path: Path) -> None:
    for method in METHODS:
        stopped_run(method, tmp_path / method)
    states = b"".join(path.read_bytes() for path in tmp_path.rglob("run.json"))
    assert states.count(b'"callers"') == len(METHODS)
    assert not [A[name] for name in ("token", "ak", "sk", "password", "id_token") if A[name].encode() in states]


def test_the_state_of_an_older_version_is_not_resumed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    stopped = stopped_run("token", tmp_path)
    (folder,) = (path.parent for path in tmp_path.rglob("run.json"))
    state = read_state(folder)
    assert state is not None
    write_state(folder, msgspec.structs.replace(state, callers={}))
    with again(stopped, A) as served:
        assert_holds(crawl_as(A, "token", served, tmp_path), PRIVATE, resumed=0)
    assert reasons(caplog) == ["target default: the run does not say whose credentials it used"]


def test_credentials_that_were_never_accepted_leave_nothing_to_protect(tmp_path: Path) -> None:
    with serve(PRIVATE, **A) as served:
        for resumed, wrong in enumerate(("MII-wrong", "MII-wrong-too")):
            refused = crawl_as({**A, "token": wrong}, "token", served, tmp_path)
            assert (exit_code_of(refused), refused.resumed) == (77, resumed)
        assert_holds(crawl_as(A, "token", served, tmp_path), PRIVATE, resumed=2)


def test_what_another_target_read_is_kept_while_one_finds_its_credentials(tmp_path: Path) -> None:
    def crawl_both(first: RunningEmulator, second: RunningEmulator, **tokens: str) -> RunResult:
        text = "".join(
            f'[[target]]\nname = "{name}"\nendpoint = "{served.endpoint}"\ntoken = "env:{name}"\n'
            for name, served in (("one", first), ("two", second))
        )
        given = {"rate_per_s": "unlimited", "limit": 20, "output": str(tmp_path)}
        config = load(flags=given, environ=tokens, file_text=text, file_name="f").config
        return run_crawl(config, tokens, clock=QuickClock())

    with serve(PRIVATE, **A) as first, serve(OTHERS, **B) as second:
        assert exit_code_of(crawl_both(first, second, one=A["token"], two="MII-wrong")) == 77
        assert exit_code_of(crawl_both(first, second, one=A["token"], two="MII-wrong-too")) == 77
        asked = first.counters()["requests"]
        result = crawl_both(first, second, one=A["token"], two=B["token"])
        assert (exit_code_of(result), result.resumed) == (0, 2)
        assert first.counters()["requests"] == asked
        assert crawl_both(first, second, one=A["token"], two=B["token"]).resumed == 0


def test_discovered_namespaces_are_read_already(tmp_path: Path) -> None:
    refuse_lists = parse_fault("unauthorized:after_requests=0")
    with serve(PRIVATE, faults=(refuse_lists,), **A) as served:
        assert exit_code_of(crawl_as(A, "token", served, tmp_path, discover=True)) == 77
    with again(served, B, OTHERS) as second:
        assert_holds(crawl_as(B, "token", second, tmp_path, discover=True), OTHERS, resumed=0)


def test_the_file_of_an_identity_token_is_read_whenever_the_token_is_needed(tmp_path: Path) -> None:
    file = tmp_path / "token"
    reference = SecretRef("file", str(file))
    method = PodIdentityMethod(id_token=reference, token_setting="TOKEN_FILE", url="http://127.0.0.1/", project_id=None)
    token = identity_token(method, {})
    with pytest.raises(CredentialsError, match=f"^TOKEN_FILE: file:{file}: No such file"):
        token.read()
    for content in ("first\n", "second"):
        file.write_text(content)
        assert token.read() == content.strip()
    assert token.place == f"TOKEN_FILE ({file})"
