"""A setting by which another tool lists somebody else's inventory is refused where the plain key would be used."""

from pathlib import Path

import pytest

from crawler.cli.run_command import run_command
from crawler.config.credentials.choice import choose_method
from crawler.config.credentials.methods import MetadataMethod, TokenMethod
from crawler.config.credentials.tools.assumed_identity import (
    OPENSTACK_RULES,
    TERRAFORM_RULES,
    IdentityRule,
    assumed_identity,
)
from crawler.config.load import load
from crawler.config.settings.secret_ref import SecretRef
from crawler.errors import ConfigError
from tests.config.loading import tool_files

SECRET = "hushhush"
SDK_KEY = dict.fromkeys(("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK"), SECRET)
HW_KEY = dict.fromkeys(("HW_ACCESS_KEY", "HW_SECRET_KEY"), SECRET)
OS_KEY = dict.fromkeys(("OS_ACCESS_KEY", "OS_SECRET_KEY", "OS_SECURITY_TOKEN"), SECRET)
OS_USER = {"OS_USERNAME": "ci", "OS_PASSWORD": SECRET, "OS_USER_DOMAIN_NAME": "acme"}
CUSTODIAN_KEY = dict.fromkeys(("HUAWEI_ACCESS_KEY_ID", "HUAWEI_SECRET_ACCESS_KEY"), SECRET)
PROFILE = f"[basic]\nak = {SECRET}\nsk = {SECRET}\n"
ROLE = {"HW_ASSUME_ROLE_AGENCY_NAME": "auditors"}
TOOLS = [(HW_KEY, TERRAFORM_RULES), (OS_KEY, OPENSTACK_RULES), (OS_USER, OPENSTACK_RULES)]


def choose(environ: dict[str, str], profile: str | None = None, text: str = "") -> str:
    """Return the method that is chosen and the first place of what it uses."""
    region = "" if "region" in text else 'region = "eu-de"\n'
    loaded = load(flags={}, environ=environ, file_text=f"[crawl]\n{region}{text}", file_name="f")
    (target,) = loaded.config.targets
    files = tool_files({} if profile is None else {target.credentials_file: profile})
    method, origins, _ = choose_method(target, environ, files)
    return f"{method.auth}: {origins[0][1]}"


def refusal(environ: dict[str, str], profile: str | None = None, text: str = "") -> str:
    with pytest.raises(ConfigError) as caught:
        choose(environ, profile, text)
    message = str(caught.value)
    assert "\n" not in message
    assert not [value for value in (SECRET, "auditors") if value in message]
    assert caught.value.setting
    assert caught.value.setting in message
    return message


@pytest.mark.parametrize(
    ("key", "rule"), [(key, rule) for key, rules in TOOLS for rule in rules], ids=lambda value: str(value)[:60]
)
def test_each_setting_that_assumes_another_identity_is_refused_beside_the_key(
    key: dict[str, str], rule: IdentityRule
) -> None:
    choose(key)  # without it the key is used
    message = refusal(key | {rule.setting: "auditors"})
    assert message.startswith(f"target eu-de: {rule.setting}")
    assert rule.effect.does in message
    assert rule.effect.instead in message
    assert "SWR_CRAWLER_ACCESS_KEY, SWR_CRAWLER_SECRET_KEY and SWR_CRAWLER_SECURITY_TOKEN" in message


def test_the_message_says_what_the_setting_does_and_what_to_do() -> None:
    assert refusal(HW_KEY | ROLE) == (
        "target eu-de: HW_ASSUME_ROLE_AGENCY_NAME is set, by which Terraform acts as an agency; this program does"
        " not, and would list another inventory; remove it to list that of the plain credentials, or set"
        " SWR_CRAWLER_ACCESS_KEY, SWR_CRAWLER_SECRET_KEY and SWR_CRAWLER_SECURITY_TOKEN to temporary keys of the agency"
    )


def test_all_such_settings_are_named_at_once() -> None:
    message = refusal(HW_KEY | ROLE | {"HW_ASSUME_ROLE_DOMAIN_NAME": "x", "OS_AGENCY_NAME": "x"})
    assert "HW_ASSUME_ROLE_AGENCY_NAME and HW_ASSUME_ROLE_DOMAIN_NAME and OS_AGENCY_NAME are set" in message
    assert "remove them" in message


@pytest.mark.parametrize(
    ("key", "harmless"),
    [
        (HW_KEY, dict.fromkeys(("HW_ASSUME_ROLE_AGENCY_NAME", "HW_PROFILE", "HW_SHARED_CONFIG_FILE"), "")),
        (HW_KEY, {"HW_ASSUME_ROLE_DURATION": "3600"}),
        (HW_KEY, {"HW_ENTERPRISE_PROJECT_ID": "x"}),
        (HW_KEY, {"OS_CLOUD": "otc", "OS_TRUST_ID": "x"}),  # Terraform reads neither
        (SDK_KEY, {"HUAWEICLOUD_SDK_IDP_ID": "x"}),
        (SDK_KEY, {"HUAWEICLOUD_SDK_ID_TOKEN_FILE": "x"}),
        (SDK_KEY, {"HUAWEICLOUD_SDK_IDP_ID": "x", "HUAWEICLOUD_SDK_ID_TOKEN_FILE": ""}),
        (SDK_KEY, {"HUAWEICLOUD_OIDC_AGENCY_URN": "x", "HUAWEICLOUD_OIDC_PROVIDER_URN": "x"}),
        (SDK_KEY, {"HUAWEICLOUD_OIDC_ID_TOKEN": "x", "HUAWEICLOUD_OIDC_SESSION_NAME": "x"}),
        (SDK_KEY, {"HC_CONTAINER_CREDENTIALS_FULL_URI": "x", "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE": "x"}),
        (SDK_KEY, ROLE),  # of a tool whose key is not reached
        (SDK_KEY, {"AWS_ROLE_ARN": "x", "AWS_PROFILE": "x"}),
        (OS_USER, {"OS_CLOUD": "envvars"}),
        (OS_USER, {"OS_AUTH_TYPE": "v3password"}),
        (OS_USER, {"OS_AUTH_TYPE": "v3multifactor"}),
        (OS_USER, {"OS_SYSTEM_SCOPE": "all"}),
    ],
)
def test_what_changes_nothing_in_the_tool_is_no_false_alarm(key: dict[str, str], harmless: dict[str, str]) -> None:
    assert choose(key | harmless) == choose(key)


def test_a_role_counts_for_the_keys_that_the_same_tool_reads_under_other_names() -> None:
    assert "HW_ASSUME_ROLE_AGENCY_NAME" in refusal(OS_KEY | ROLE)
    assert "OS_AGENCY_NAME" in refusal(HW_KEY | {"OS_AGENCY_NAME": "x"})
    assert "HW_ASSUME_ROLE_AGENCY_NAME" in refusal(OS_KEY | ROLE, text='auth = "aksk"\n')


def test_a_tool_that_acts_for_another_is_the_first_that_has_credentials_even_without_a_key() -> None:
    assert "OS_AGENCY_NAME" in refusal({"OS_AGENCY_NAME": "prod"}, PROFILE)
    assert "HW_ASSUME_ROLE_AGENCY_NAME" in refusal(CUSTODIAN_KEY | ROLE)


def test_what_the_crawlers_own_settings_say_is_not_questioned(tmp_path: Path) -> None:
    own = dict.fromkeys(("SWR_CRAWLER_ACCESS_KEY", "SWR_CRAWLER_SECRET_KEY"), SECRET)
    everything = HW_KEY | ROLE
    assert choose(own | everything) == "aksk: environment SWR_CRAWLER_ACCESS_KEY"
    assert choose(everything, text='token = "file:/run/t"\n') == "token: file f"
    assert choose(everything, text='auth = "metadata"\n') == "metadata: file f"
    named = f'credentials_file = "{tmp_path}"\n'
    assert choose(everything, PROFILE, named) == f"aksk: file {tmp_path}"
    isolated = 'region = "eu-de"\n[[target]]\ntoken = "env:MINE"\n'
    assert choose(everything, text=isolated) == "token: file f"


def test_with_a_chosen_method_only_a_tool_that_has_it_counts() -> None:
    assert choose(HW_KEY | ROLE | {"HW_AUTH_TOKEN": ""} | SDK_KEY, text='auth = "aksk"\n').startswith("aksk")
    user_of_hw = {"HW_USER_NAME": "ci", "HW_AGENCY": "x"} | ROLE
    assert choose(user_of_hw | {"OS_TOKEN": ""} | CUSTODIAN_KEY, text='auth = "aksk"\n').startswith("aksk")
    assert "HW_ASSUME_ROLE_AGENCY_NAME" in refusal(user_of_hw | CUSTODIAN_KEY)


def test_settings_without_a_rule_assume_nothing() -> None:
    assert assumed_identity(TERRAFORM_RULES, {"HW_ACCESS_KEY": "x"}) is None
    assert assumed_identity((), ROLE) is None


def test_a_temporary_key_of_openstack_has_its_token() -> None:
    assert choose(OS_KEY) == "aksk: environment OS_ACCESS_KEY"
    (target,) = load(flags={"region": "eu-de"}, environ=OS_KEY, file_text=None, file_name=None).config.targets
    method = choose_method(target, OS_KEY, tool_files({})).method
    assert not isinstance(method, TokenMethod | MetadataMethod)
    assert getattr(method, "security_token", None) == SecretRef("env", "OS_SECURITY_TOKEN")


def test_config_show_says_the_same_as_a_crawl(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name, value in {**HW_KEY, **ROLE, "HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    message = refusal(HW_KEY | ROLE)
    assert run_command(["config", "show", "--region", "eu-de"]) == 0
    assert f"none: {message}" in capfd.readouterr().out
    assert run_command(["crawl", "--region", "eu-de", "--output", str(tmp_path)]) == 78
    assert capfd.readouterr().err == f"swr-crawler: {message}\n"


def test_the_guide_names_every_such_setting() -> None:
    page = Path("docs/how-to/accounts.md").read_text(encoding="utf-8")
    assert not [rule.setting for rule in OPENSTACK_RULES if f"`{rule.setting}`" not in page]
