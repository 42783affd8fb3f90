"""A workload's login replaces the key beside it when it is whole, and is nothing when it is not, as in the SDK."""

from collections.abc import Mapping

import pytest

from crawler.config.credentials.choice import choose_method
from crawler.config.credentials.methods import ChosenMethod, IdpMethod, OidcMethod, PodIdentityMethod
from crawler.config.credentials.tools.workload import agent_url
from crawler.config.load import load
from crawler.config.network.routes import issuer_of
from crawler.config.settings.secret_ref import SecretRef
from crawler.errors import ConfigError, CrawlerError, CredentialsError
from tests.config.loading import tool_files

SECRET = "hushhush"
SDK_KEY = dict.fromkeys(("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK"), SECRET)
HW_KEY = dict.fromkeys(("HW_ACCESS_KEY", "HW_SECRET_KEY"), SECRET)
PROFILE = f"[basic]\nak = {SECRET}\nsk = {SECRET}\n"
OIDC = {
    "HUAWEICLOUD_OIDC_PROVIDER_URN": "iam::0f:oidcProvider:gitlab",
    "HUAWEICLOUD_OIDC_AGENCY_URN": "iam::0f:agency:readers",
    "HUAWEICLOUD_OIDC_ID_TOKEN": SECRET,
}
OIDC_FILE = {**OIDC, "HUAWEICLOUD_OIDC_ID_TOKEN": "", "HUAWEICLOUD_OIDC_TOKEN_FILE": "/run/token\n"}
IDP = {"HUAWEICLOUD_SDK_IDP_ID": "gitlab", "HUAWEICLOUD_SDK_ID_TOKEN_FILE": "/run/idp"}
POD = {
    "HC_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.7.7/v1/credentials",
    "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/run/pod",
}


def chosen(environ: Mapping[str, str], text: str = "", profile: str | None = None) -> ChosenMethod:
    region = "" if text.startswith(("region", "endpoint", "[[")) else 'region = "cn-north-4"\n'
    (target,) = load(flags={}, environ=environ, file_text=f"[crawl]\n{region}{text}", file_name="f").config.targets
    return choose_method(target, environ, tool_files({} if profile is None else {target.credentials_file: profile}))


def refusal(environ: Mapping[str, str], text: str = "", profile: str | None = None) -> CrawlerError:
    with pytest.raises(CrawlerError) as caught:
        chosen(environ, text, profile)
    assert "\n" not in str(caught.value)
    assert SECRET not in str(caught.value)
    return caught.value


def test_the_variables_of_a_login_by_oidc_are_used_with_the_defaults_of_the_sdk() -> None:
    choice = chosen({**OIDC, "HUAWEICLOUD_SDK_PROJECT_ID": "0a"})
    assert choice.method == OidcMethod(
        id_token=SecretRef("env", "HUAWEICLOUD_OIDC_ID_TOKEN"),
        token_setting="HUAWEICLOUD_OIDC_ID_TOKEN",
        provider_urn="iam::0f:oidcProvider:gitlab",
        agency_urn="iam::0f:agency:readers",
        session_name="oidc-sts-session",
        duration_s=3600,
        policy=None,
        policy_ids=(),
        sts_endpoint="https://sts.cn-north-4.myhuaweicloud.com",
        project_id="0a",
    )
    assert dict(choice.origins) == {
        "provider_urn": "environment HUAWEICLOUD_OIDC_PROVIDER_URN",
        "agency_urn": "environment HUAWEICLOUD_OIDC_AGENCY_URN",
        "id_token": "environment HUAWEICLOUD_OIDC_ID_TOKEN",
        "project_id": "environment HUAWEICLOUD_SDK_PROJECT_ID",
        "region": "file f",
    }


def test_every_other_variable_of_a_login_by_oidc_is_used_too() -> None:
    policy = '{"Version": "5.0",\n "Statement": []}'
    more = {
        "HUAWEICLOUD_OIDC_SESSION_NAME": "nightly",
        "HUAWEICLOUD_OIDC_DURATION_SECONDS": "7200",
        "HUAWEICLOUD_OIDC_POLICY": policy,
        "HUAWEICLOUD_OIDC_POLICY_IDS": " a1, ,b2 ",
        "HUAWEICLOUD_SDK_STS_ENDPOINT": "https://sts.example/",
    }
    method = chosen({**OIDC_FILE, **more}).method
    assert isinstance(method, OidcMethod)
    assert method.id_token == SecretRef("file", "/run/token")
    assert (method.session_name, method.duration_s, method.policy) == ("nightly", 7200, policy)
    assert method.policy_ids == ("a1", "b2")
    assert method.sts_endpoint == issuer_of(method) == "https://sts.example"


def test_a_token_in_a_variable_goes_before_a_token_in_a_file() -> None:
    method = chosen({**OIDC_FILE, **OIDC}).method
    assert isinstance(method, OidcMethod)
    assert method.id_token.kind == "env"


def test_the_own_setting_for_sts_goes_before_the_variable_of_the_sdk_and_that_before_the_region() -> None:
    variable = {**OIDC, "HUAWEICLOUD_SDK_STS_ENDPOINT": "https://sts.sdk"}
    assert issuer_of(chosen(variable, 'sts_endpoint = "sts.own"\n').method) == "https://sts.own"
    assert issuer_of(chosen(variable).method) == "https://sts.sdk"
    assert issuer_of(chosen(OIDC).method) == "https://sts.cn-north-4.myhuaweicloud.com"


@pytest.mark.parametrize(
    "site", ['region = "eu-de"\n', 'region = "cn-north-9"\n', 'endpoint = "https://swr.example"\n']
)
def test_no_token_goes_to_the_sts_of_another_region(site: str) -> None:
    error = refusal({**SDK_KEY, **OIDC}, site)
    assert isinstance(error, ConfigError)
    assert (
        "but no STS endpoint; set sts_endpoint, or a region whose endpoint is known, or remove HUAWEICLOUD_OIDC_"
        in (str(error))
    )


def test_a_login_by_an_identity_provider_is_used_from_the_variables() -> None:
    choice = chosen({**IDP, **SDK_KEY})
    assert choice.method == IdpMethod(
        id_token=SecretRef("file", "/run/idp"),
        token_setting="HUAWEICLOUD_SDK_ID_TOKEN_FILE",
        idp_id="gitlab",
        iam_endpoint="https://iam.cn-north-4.myhuaweicloud.com",
        project_id=None,
    )
    variable = {"HUAWEICLOUD_SDK_IAM_ENDPOINT": "https://iam.sdk"}
    assert issuer_of(chosen({**IDP, **variable}).method) == "https://iam.sdk"
    assert issuer_of(chosen({**IDP, **variable}, 'iam_endpoint = "iam.own"\n').method) == "https://iam.own"
    unknown = refusal(IDP, 'endpoint = "https://swr.example"\n')
    assert "but no IAM endpoint; set iam_endpoint" in str(unknown)


def test_a_login_in_the_credentials_file_replaces_the_key_in_it() -> None:
    login = "idp_id = gitlab\nid_token_file = /run/t\nproject_id = 0a\n"
    method = chosen({}, profile=PROFILE + login).method
    assert method == IdpMethod(
        id_token=SecretRef("file", "/run/t"),
        token_setting="id_token_file (file ~/.huaweicloud/credentials)",
        idp_id="gitlab",
        iam_endpoint="https://iam.cn-north-4.myhuaweicloud.com",
        project_id="0a",
    )
    variable = {"HUAWEICLOUD_SDK_IAM_ENDPOINT": "https://iam.sdk"}
    assert issuer_of(chosen(variable, profile=PROFILE + login).method) == "https://iam.sdk"
    own = f"{login}iam_endpoint = https://iam.file\n"
    assert issuer_of(chosen(variable, profile=PROFILE + own).method) == "https://iam.file"
    isolated = '[[target]]\nregion = "cn-north-4"\ncredentials_file = "mine"\n'
    assert chosen({**OIDC, **POD}, isolated, PROFILE + login).method.auth == "idp"


@pytest.mark.parametrize("half", ["idp_id = acme\n", "id_token_file = /run/t\n", "idp_id = acme\nid_token_file =\n"])
def test_half_a_login_in_the_credentials_file_changes_nothing(half: str) -> None:
    assert chosen({}, profile=PROFILE + half).method.auth == "aksk"
    error = refusal({}, 'auth = "idp"\n', PROFILE + half)
    assert "in section [basic] of ~/.huaweicloud/credentials" in str(error)


def test_a_pod_identity_is_the_last_of_all_places() -> None:
    choice = chosen({**POD, "HUAWEICLOUD_SDK_PROJECT_ID": "0a"})
    assert choice.method == PodIdentityMethod(
        id_token=SecretRef("file", "/run/pod"),
        token_setting="HC_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        url="http://169.254.7.7/v1/credentials",
        project_id="0a",
    )
    assert chosen({**POD, **HW_KEY}).method.auth == "aksk"
    assert chosen(POD, profile=PROFILE).method.auth == "aksk"
    assert chosen({**POD, **HW_KEY}, 'auth = "pod-identity"\n').method.auth == "pod-identity"


def test_within_the_sdk_oidc_goes_before_an_identity_provider_and_that_before_a_key() -> None:
    assert chosen({**SDK_KEY, **IDP, **OIDC}).method.auth == "oidc"
    assert chosen({**SDK_KEY, **IDP}).method.auth == "idp"
    assert chosen({**SDK_KEY, **IDP, **OIDC}, 'auth = "idp"\n').method.auth == "idp"
    assert chosen({**SDK_KEY, **IDP, **OIDC}, 'auth = "aksk"\n').method.auth == "aksk"


def test_the_settings_of_this_program_go_before_every_login() -> None:
    own = dict.fromkeys(("SWR_CRAWLER_ACCESS_KEY", "SWR_CRAWLER_SECRET_KEY"), SECRET)
    assert chosen({**own, **OIDC, **IDP, **POD}).origins[0][1] == "environment SWR_CRAWLER_ACCESS_KEY"
    isolated = '[[target]]\nname = "a"\nregion = "cn-north-4"\ntoken = "env:MINE"\n'
    assert chosen({**OIDC, **IDP, **POD}, isolated).method.auth == "token"


@pytest.mark.parametrize("login", [OIDC, IDP, POD])
def test_half_a_login_changes_nothing(login: dict[str, str]) -> None:
    for name in login:
        assert chosen({**login, name: "", **SDK_KEY}).method.auth == "aksk"
        assert chosen({**login, name: "", **HW_KEY}).method.auth == "aksk"
        assert isinstance(refusal({**login, name: ""}), CredentialsError)


@pytest.mark.parametrize(
    ("auth", "login", "missing"),
    [
        ("oidc", OIDC, "HUAWEICLOUD_OIDC_AGENCY_URN"),
        ("idp", IDP, "HUAWEICLOUD_SDK_ID_TOKEN_FILE"),
        ("pod-identity", POD, "HC_CONTAINER_CREDENTIALS_FULL_URI"),
    ],
)
def test_half_a_login_that_auth_names_is_an_error_that_names_the_other_half(
    auth: str, login: dict[str, str], missing: str
) -> None:
    half = refusal({**login, missing: "", **SDK_KEY, **HW_KEY}, f'auth = "{auth}"\n')
    assert isinstance(half, ConfigError)
    assert f"; set {missing}, or remove " in str(half)
    nothing = refusal(SDK_KEY, f'auth = "{auth}"\n')
    assert isinstance(nothing, CredentialsError)
    assert f'auth is "{auth}" (file f), but there are no such credentials; set ' in str(nothing)
    assert missing in str(nothing)
    isolated = f'[[target]]\nname = "a"\nregion = "cn-north-4"\nauth = "{auth}"\ntoken = "env:MINE"\n'
    assert "remove the credentials from its [[target]]" in str(refusal(login, isolated))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"HUAWEICLOUD_OIDC_DURATION_SECONDS": "899"}, "is not a whole number from 900 to 43200"),
        ({"HUAWEICLOUD_OIDC_DURATION_SECONDS": "an hour"}, "is not a whole number from 900 to 43200"),
        ({"HUAWEICLOUD_OIDC_AGENCY_URN": "a\x1bb"}, "is not a URN"),
        ({"HUAWEICLOUD_OIDC_PROVIDER_URN": "x" * 1501}, "is not a URN"),
        ({"HUAWEICLOUD_OIDC_SESSION_NAME": "a\tb"}, "is not printable characters"),
        ({"HUAWEICLOUD_OIDC_POLICY": "\udcff"}, "the value is not UTF-8 text"),
        ({"HUAWEICLOUD_OIDC_POLICY_IDS": ","}, "is not ids between commas"),
        ({"HUAWEICLOUD_SDK_STS_ENDPOINT": "http://sts.example"}, "plain http exposes the credentials"),
        ({"HUAWEICLOUD_OIDC_ID_TOKEN": "", "HUAWEICLOUD_OIDC_TOKEN_FILE": "/a\x1bb"}, "is no path of printable"),
        ({"HUAWEICLOUD_SDK_PROJECT_ID": "../x"}, "is not a project id"),
    ],
)
def test_a_wrong_value_of_a_login_is_never_a_reason_to_use_the_key_beside_it(wrong: dict[str, str], says: str) -> None:
    error = refusal({**SDK_KEY, **HW_KEY, **OIDC, **wrong})
    assert isinstance(error, ConfigError)
    assert error.setting in wrong
    assert str(error).startswith(f"{error.setting}: ")
    assert says in str(error)


@pytest.mark.parametrize("idp", ["ä", " gitlab", "a\tb", "a\x7fb"])
def test_the_id_of_an_identity_provider_can_be_sent_in_a_header(idp: str) -> None:
    assert "HUAWEICLOUD_SDK_IDP_ID: " in str(refusal({**SDK_KEY, **IDP, "HUAWEICLOUD_SDK_IDP_ID": idp}))


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("http://169.254.7.7/v1/credentials", "http://169.254.7.7/v1/credentials"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
        ("http://localhost/a%20b", "http://localhost/a%20b"),
        ("http://[fe80::1]:81/v1/", "http://[fe80::1]:81/v1/"),
        ("http://[::1]/", "http://[::1]/"),
        ("https://agent.example/v1", "https://agent.example/v1"),
    ],
)
def test_the_token_of_a_pod_goes_to_an_agent_that_is_near_or_behind_tls(url: str, normal: str) -> None:
    assert agent_url(url) == normal
    assert issuer_of(chosen({**POD, "HC_CONTAINER_CREDENTIALS_FULL_URI": url}).method) == normal


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/v1",
        "http://agent.example/v1",
        "http://169.254.7.7.example/v1",
        "http://2852039166/",  # 169.254.169.254, as some resolvers read it
        "http://[::ffff:10.0.0.1]/",
        "http://169.254.7.7@evil.example/",
        "http://user:pw@127.0.0.1/",
        "http://127.0.0.1/?next=http://evil.example",
        "http://127.0.0.1/?",
        "http://127.0.0.1/#",
        "http://127.0.0.1\\@evil.example/",
        "http://127.0.0.1:x/",
        "http://[::1",
        "HTTP://evil.example/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "//127.0.0.1/",
        "127.0.0.1/v1",
        "https://",
        "https://a b/",
        "https://é.example/",
        "https://h/a\r\nX: y",
        "https://h/" + "a" * 2000,
    ],
)
def test_no_other_url_gets_the_token_of_a_pod(url: str) -> None:
    assert agent_url(url) is None
    error = refusal({**POD, "HC_CONTAINER_CREDENTIALS_FULL_URI": url})
    assert str(error).startswith("HC_CONTAINER_CREDENTIALS_FULL_URI: the value is not the URL of an agent")
    assert "evil" not in str(error)
