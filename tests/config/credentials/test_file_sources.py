"""Laws of credentials that a variable names in a file: where they stand in the order, and what beside them counts."""

import json
from collections.abc import Mapping

import pytest

from crawler.config.credentials.choice import choose_method
from crawler.config.credentials.methods import AccessKeyMethod, ChosenMethod, PasswordMethod, TokenMethod
from crawler.config.credentials.stored import StoredSecrets
from crawler.config.credentials.target import Target
from crawler.config.credentials.tool_files.documents import ToolFiles
from crawler.config.describe import describe
from crawler.config.load import load
from crawler.config.settings.secret_ref import SecretRef
from crawler.errors import ConfigError, CredentialsError
from crawler.swr.auth.iam_ref import IamRef
from tests.config.loading import loaded, tool_files

SECRET = "hushhush"
CLOUDS = "./clouds.yaml"
HCLOUD = "~/.hcloud/config.json"
USER = "{username: ci, password: hushhush, user_domain_name: acme, project_name: eu-de_a}"
CLOUD = {"OS_CLOUD": "prod"}
PROFILE = {"HW_PROFILE": "prod"}
HW_KEY = dict.fromkeys(("HW_ACCESS_KEY", "HW_SECRET_KEY"), SECRET)


def clouds(auth: str = USER, more: str = "") -> dict[str, str]:
    return {CLOUDS: f"clouds:\n  prod:\n    auth: {auth}\n    {more}\n"}


def hcloud(**more: str) -> dict[str, str]:
    profile = {"name": "prod", "mode": "AKSK", "accessKeyId": "AK", "secretAccessKey": SECRET, **more}
    return {HCLOUD: json.dumps({"profiles": [profile]})}


def target(environ: Mapping[str, str], crawl: str = "") -> Target:
    text = f'[crawl]\nregion = "eu-de"\n{crawl}\n'
    (only,) = load(flags={}, environ=environ, file_text=text, file_name="f").config.targets
    return only


def chosen(environ: Mapping[str, str], texts: Mapping[str, str], crawl: str = "") -> ChosenMethod:
    return choose_method(target(environ, crawl), environ, tool_files(texts))


def refusal(environ: Mapping[str, str], texts: Mapping[str, str], crawl: str = "") -> str:
    with pytest.raises(ConfigError) as caught:
        chosen(environ, texts, crawl)
    message = str(caught.value)
    assert "\n" not in message
    assert SECRET not in message
    return message


# --- clouds.yaml


def test_the_entry_that_os_cloud_names_logs_in_as_it_says() -> None:
    choice = chosen(CLOUD, clouds())
    assert choice.method == PasswordMethod(
        user=IamRef("name", "ci"),
        account=IamRef("name", "acme"),
        password=SecretRef("cloud", "prod.password"),
        project=IamRef("name", "eu-de_a"),
        iam_endpoint="https://iam.eu-de.otc.t-systems.com",
    )
    assert dict(choice.origins)["user"] == f"file {CLOUDS}"
    assert chosen(CLOUD, clouds("{token: t}")).method == TokenMethod(SecretRef("cloud", "prod.token"))
    assert chosen(CLOUD, clouds("{ak: a, sk: s}")).method.auth == "aksk"


def test_the_secrets_of_an_entry_are_looked_up_where_it_was_found() -> None:
    texts = clouds() | {"./secure.yaml": "clouds: {prod: {auth: {password: safer}}}"}
    stored = StoredSecrets(target(CLOUD), CLOUD, tool_files(texts))
    password = SecretRef("cloud", "prod.password")
    assert (stored.text(password), stored.path(password)) == ("safer", "./secure.yaml")
    assert stored.text(SecretRef("cloud", "prod.token")) == ""
    assert stored.path(SecretRef("env", "A")) is stored.path(SecretRef("file", "A")) is None
    assert "safer" not in repr(stored)


def test_the_entry_has_the_place_of_openstack_in_the_order_and_is_not_read_before() -> None:
    assert names(chosen(CLOUD | HW_KEY, {})) == {"env:HW_ACCESS_KEY", "env:HW_SECRET_KEY"}
    assert chosen(CLOUD, {}, 'token = "env:T"').method.auth == "token"
    custodian = dict.fromkeys(("HUAWEI_ACCESS_KEY_ID", "HUAWEI_SECRET_ACCESS_KEY"), SECRET)
    assert chosen(CLOUD | custodian, clouds()).method.auth == "password"
    assert refusal(CLOUD | custodian, {}).startswith("OS_CLOUD is prod, but there is no clouds.yaml in ")


def names(choice: ChosenMethod) -> set[str]:
    fields = (getattr(choice.method, name) for name in choice.method.__struct_fields__)
    return {str(field) for field in fields if isinstance(field, SecretRef)}


def test_the_variables_add_what_an_entry_lacks_to_log_in() -> None:
    environ = CLOUD | {"OS_PASSWORD": SECRET, "OS_PROJECT_ID": "0f", "OS_USER_DOMAIN_ID": "0a"}
    choice = chosen(environ, clouds("{username: ci}"))
    assert isinstance(choice.method, PasswordMethod)
    assert choice.method.password == SecretRef("env", "OS_PASSWORD")
    assert (choice.method.account, choice.method.project) == (IamRef("id", "0a"), IamRef("id", "0f"))
    assert dict(choice.origins)["password"] == "environment OS_PASSWORD"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("OS_USERNAME", "other"),
        ("OS_PASSWORD", SECRET[::-1]),
        ("OS_TOKEN", SECRET),
        ("OS_ACCESS_KEY", SECRET),
        ("OS_USER_ID", "07"),
        ("OS_USER_DOMAIN_NAME", "other"),
        ("OS_DOMAIN_ID", "0a"),
        ("OS_PROJECT_NAME", "eu-de_b"),
        ("OS_PROJECT_ID", "0f"),
    ],
)
def test_a_variable_that_says_something_else_than_the_entry_is_refused(variable: str, value: str) -> None:
    message = refusal(CLOUD | {variable: value}, clouds())
    assert message.startswith(f"target eu-de: OS_CLOUD and {variable} are set and do not agree; ")
    assert f"remove {variable} to use the entry of clouds.yaml, or OS_CLOUD to use the variables" in message


def test_a_variable_that_says_the_same_as_the_entry_is_no_contradiction() -> None:
    same = {"OS_USERNAME": "ci\n", "OS_PASSWORD": SECRET, "OS_PROJECT_NAME": "eu-de_a"}
    assert chosen(CLOUD | same, clouds()) == chosen(CLOUD, clouds())


def test_the_crawlers_own_account_and_project_override_those_of_the_entry() -> None:
    method = chosen(CLOUD, clouds(), 'account_id = "0a"\nproject = "eu-de_b"').method
    assert isinstance(method, PasswordMethod)
    assert (method.account, method.project) == (IamRef("id", "0a"), IamRef("name", "eu-de_b"))


@pytest.mark.parametrize(
    ("texts", "names"),
    [
        (clouds(more="auth_type: v3oidcpassword"), "auth_type of cloud prod is set"),
        (clouds("{token: t, trust_id: x}"), "auth.trust_id of cloud prod is set"),
        (clouds("{ak: a, sk: s, target_agency_name: x}"), "auth.target_agency_name of cloud prod is set"),
    ],
)
def test_an_entry_that_acts_for_somebody_else_is_refused(texts: Mapping[str, str], names: str) -> None:
    assert refusal(CLOUD, texts).startswith(f"target eu-de: {names}, by which OpenStack clients log in by another")
    assert "OS_TRUST_ID is set" in refusal(CLOUD | {"OS_TRUST_ID": "x"}, clouds())


def test_an_incomplete_entry_says_which_key_is_missing_and_where() -> None:
    message = refusal(CLOUD, clouds("{username: ci}"))
    assert f"found user (file {CLOUDS}) but no password or account" in message
    assert (
        "set password below auth of cloud prod in clouds.yaml and user_domain_name below auth of cloud prod" in message
    )
    bad = refusal(CLOUD, clouds('{username: "a\\nb", password: p, domain_name: d}'))
    assert bad == f"user (file {CLOUDS}): the value is not one line of printable characters"


def test_config_show_names_the_file_the_entry_and_what_of_it_is_not_used() -> None:
    result = loaded('[crawl]\nregion = "eu-de"', environ=CLOUD)
    rows = describe(result, CLOUD, tool_files(clouds(more="cacert: /ca\n    verify: false")))
    (row,) = [row for row in rows if row.setting == "credentials"]
    assert (
        row.value
        == "password: password cloud:prod.password; not used: verify of cloud prod, cacert of cloud prod (set ca_file)"
    )
    assert row.origin.startswith(f"file {CLOUDS}, ")
    (missing,) = [row for row in describe(result, CLOUD, tool_files({})) if row.setting == "credentials"]
    assert missing.value.startswith("none: OS_CLOUD is prod, but there is no clouds.yaml in ")


def test_an_isolated_target_uses_no_entry() -> None:
    text = '[[target]]\nregion = "eu-de"\nuser = "u"\npassword = "env:P"\naccount = "a"\n'
    (only,) = load(flags={}, environ=CLOUD, file_text=text, file_name="f").config.targets
    assert choose_method(only, CLOUD, ToolFiles()).method.auth == "password"


# --- KooCLI


def test_the_profile_that_hw_profile_names_replaces_the_keys_of_the_variables() -> None:
    environ = PROFILE | HW_KEY | {"HW_SECURITY_TOKEN": SECRET, "HW_PROJECT_ID": "0e"}
    choice = chosen(environ, hcloud())
    assert choice.method == AccessKeyMethod(
        access_key=SecretRef("hcloud", "prod.access_key"),
        secret_key=SecretRef("hcloud", "prod.secret_key"),
        security_token=None,
        project_id="0e",
    )
    assert dict(choice.origins)["access_key"] == f"file {HCLOUD}"
    project = chosen(environ, hcloud(projectId="0f")).method
    assert isinstance(project, AccessKeyMethod)
    assert project.project_id == "0f"
    stored = StoredSecrets(target(environ), environ, tool_files(hcloud()))
    secret = SecretRef("hcloud", "prod.secret_key")
    assert (stored.text(secret), stored.path(secret)) == (SECRET, HCLOUD)


def test_a_token_goes_before_the_profile_as_it_does_in_terraform() -> None:
    assert names(chosen(PROFILE | {"HW_AUTH_TOKEN": SECRET}, hcloud())) == {"env:HW_AUTH_TOKEN"}


def test_an_agency_of_the_profile_or_of_the_variables_is_refused() -> None:
    message = refusal(PROFILE, hcloud(agencyName="x"))
    assert message.startswith(f"target eu-de: agencyName of profile prod in {HCLOUD} is set, by which Terraform acts")
    assert "HW_ASSUME_ROLE_AGENCY_NAME is set" in refusal(PROFILE | {"HW_ASSUME_ROLE_AGENCY_NAME": "x"}, hcloud())


def test_a_profile_that_is_not_there_is_refused_and_not_passed_over() -> None:
    assert refusal(PROFILE | HW_KEY, {}).startswith(f"HW_PROFILE is set, but there is no file {HCLOUD}; ")
    sdk = dict.fromkeys(("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK"), SECRET)
    assert names(chosen(PROFILE | sdk, {})) == {"env:HUAWEICLOUD_SDK_AK", "env:HUAWEICLOUD_SDK_SK"}


# --- reading


def test_a_file_is_read_once_for_all_targets_and_only_when_it_is_needed() -> None:
    read: list[str] = []

    def reader(path: str, setting: str) -> str | None:
        read.append(path)
        assert setting in {"OS_CLOUD", "credentials_file"}
        return clouds().get(path)

    files = ToolFiles(reader)
    assert choose_method(target(HW_KEY), HW_KEY, files).method.auth == "aksk"
    assert read == []
    for _ in range(3):
        choose_method(target(CLOUD), CLOUD, files)
    assert read.count(CLOUDS) == 1
    assert len(read) == len(set(read))


def test_what_the_reader_refuses_is_told_as_it_is() -> None:
    def reader(path: str, setting: str) -> str | None:
        message = f"{setting} {path}: Permission denied"
        raise CredentialsError(message)

    with pytest.raises(CredentialsError, match=r"OS_CLOUD \./clouds\.yaml: Permission denied"):
        choose_method(target(CLOUD), CLOUD, ToolFiles(reader))


def test_without_pyyaml_the_message_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "yaml", None)
    assert refusal(CLOUD, clouds()) == (
        "OS_CLOUD: to read ./clouds.yaml, PyYAML is needed, which is not installed; pip install 'swr-crawler[clouds]'"
        " installs it"
    )
    as_json = {"./clouds.json": json.dumps({"clouds": {"prod": {"auth": {"token": "t"}}}})}
    assert chosen(CLOUD, as_json).method.auth == "token"
