"""Laws of the choice of credentials: the order of sources, incomplete methods, and no secret in any message."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.cli.console.exit_status import exit_code_of_error
from crawler.config.credentials.choice import choose_method
from crawler.config.credentials.methods import (
    AccessKeyMethod,
    ChosenMethod,
    MetadataMethod,
    PasswordMethod,
    TokenMethod,
    secret_refs,
)
from crawler.config.credentials.target import Target
from crawler.config.credentials.tool_files.documents import ToolFiles
from crawler.config.credentials.tools.variables import TOKEN_VARIABLES
from crawler.config.load import load
from crawler.config.settings.secret_ref import SecretRef
from crawler.config.settings.target_settings import Auth
from crawler.errors import ConfigError, CrawlerError, CredentialsError
from crawler.swr.auth.iam_ref import IamRef
from tests.config.loading import tool_files

SECRET = "hushhush"
FILE = "~/.huaweicloud/credentials"
PROFILE = f"[basic]\nak = {SECRET}\nsk = {SECRET}\n"
SDK_KEY = dict.fromkeys(("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK"), SECRET)
HW_KEY = dict.fromkeys(("HW_ACCESS_KEY", "HW_SECRET_KEY"), SECRET)
HW_USER = {"HW_USER_NAME": "ci", "HW_USER_PASSWORD": SECRET, "HW_DOMAIN_NAME": "acme"}


def target(
    crawl: str = "", *, own: str | None = None, environ: Mapping[str, str] | None = None, where: str = "eu-de"
) -> Target:
    """Return the one target of a file with the lines `crawl` in [crawl] and `own` in a [[target]]."""
    region = "" if crawl.startswith("endpoint") else f'region = "{where}"\n'
    text = f"[crawl]\n{region}{crawl}\n" + ("" if own is None else f'[[target]]\nname = "default"\n{own}\n')
    (only,) = load(flags={}, environ=environ or {}, file_text=text, file_name="f").config.targets
    return only


def chosen(
    crawl: str = "",
    environ: Mapping[str, str] | None = None,
    profile: str | None = None,
    *,
    own: str | None = None,
) -> ChosenMethod:
    """Return the choice for a target that was loaded from the same environment."""
    given_by = environ or {}
    only = target(crawl, own=own, environ=given_by)
    return choose_method(only, given_by, tool_files({} if profile is None else {only.credentials_file: profile}))


def refusal(
    crawl: str = "",
    environ: Mapping[str, str] | None = None,
    profile: str | None = None,
    *,
    own: str | None = None,
) -> CrawlerError:
    with pytest.raises(CrawlerError) as caught:
        chosen(crawl, environ, profile, own=own)
    assert "\n" not in str(caught.value)
    assert SECRET not in f"{caught.value!r} {caught.value.__dict__}"
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value


def names(choice: ChosenMethod) -> list[str]:
    return [str(ref) for _, ref in secret_refs(choice.method)]


# --- methods ------------------------------------------------------------------------------------------


def test_a_token_is_used_as_it_is() -> None:
    choice = chosen('token = "file:/run/t"')
    assert choice == ChosenMethod(TokenMethod(SecretRef("file", "/run/t")), (("token", "file f"),))
    assert choice.method.auth == "token"


def test_an_access_key_may_be_temporary_and_have_a_project() -> None:
    environ = dict.fromkeys(("SWR_CRAWLER_ACCESS_KEY", "SWR_CRAWLER_SECRET_KEY", "SWR_CRAWLER_SECURITY_TOKEN"), SECRET)
    choice = chosen('project_id = "0f"', environ)
    assert choice.method == AccessKeyMethod(
        access_key=SecretRef("env", "SWR_CRAWLER_ACCESS_KEY"),
        secret_key=SecretRef("env", "SWR_CRAWLER_SECRET_KEY"),
        security_token=SecretRef("env", "SWR_CRAWLER_SECURITY_TOKEN"),
        project_id="0f",
    )
    assert [name for name, _ in secret_refs(choice.method)] == ["access_key", "secret_key", "security_token"]
    assert choice.origins[-1] == ("project_id", "file f")


def test_a_password_is_sent_to_the_regions_iam_for_the_project_with_the_regions_name() -> None:
    choice = chosen('user = "ci"\naccount = "acme"\npassword = "env:PW"')
    assert choice.method == PasswordMethod(
        user=IamRef("name", "ci"),
        account=IamRef("name", "acme"),
        password=SecretRef("env", "PW"),
        project=IamRef("name", "eu-de"),
        iam_endpoint="https://iam.eu-de.otc.t-systems.com",
    )
    assert choice.origins == (*((name, "file f") for name in ("user", "password", "account", "region")),)


def test_the_region_is_derived_from_the_endpoint_when_it_is_not_set() -> None:
    crawl = 'endpoint = "swr-api.eu-nl.otc.t-systems.com"\nuser = "ci"\naccount = "acme"\npassword = "env:PW"'
    choice = chosen(crawl)
    assert isinstance(choice.method, PasswordMethod)
    assert choice.method.project == IamRef("name", "eu-nl")
    assert choice.method.iam_endpoint == "https://iam.eu-nl.otc.t-systems.com"
    assert choice.origins[-1] == ("endpoint", "file f")


def test_the_id_of_a_project_overrides_its_name() -> None:
    crawl = 'user = "ci"\naccount = "acme"\npassword = "env:PW"\niam_endpoint = "iam.example"\nproject = "eu-de_a"'
    by_name = chosen(crawl).method
    by_id = chosen(f'{crawl}\nproject_id = "0f"').method
    assert isinstance(by_name, PasswordMethod)
    assert isinstance(by_id, PasswordMethod)
    assert by_name.project == IamRef("name", "eu-de_a")
    assert by_id.project == IamRef("id", "0f")
    assert by_id.iam_endpoint == "https://iam.example"
    assert "region" not in dict(chosen(crawl).origins)


def password_method(crawl: str = "", environ: Mapping[str, str] | None = None) -> PasswordMethod:
    method = chosen(crawl, environ).method
    assert isinstance(method, PasswordMethod)
    return method


OS_USER = {"OS_USERNAME": "ci", "OS_PASSWORD": SECRET}


def test_a_user_that_is_named_by_id_needs_no_account_and_the_id_overrides_the_name() -> None:
    by_id = password_method('user_id = "07"\npassword = "env:PW"')
    assert (by_id.user, by_id.account) == (IamRef("id", "07"), None)
    both = password_method('user = "ci"\nuser_id = "07"\naccount = "acme"\npassword = "env:PW"')
    assert (both.user, both.account) == (IamRef("id", "07"), None)
    for variables_of_user in ({"HW_USER_ID": "07", "HW_USER_PASSWORD": SECRET}, {**OS_USER, "OS_USER_ID": "07"}):
        assert password_method(environ=variables_of_user).user == IamRef("id", "07")


def test_an_account_may_be_named_by_id_which_overrides_its_name() -> None:
    own = password_method('user = "ci"\naccount = "acme"\naccount_id = "0a"\npassword = "env:PW"')
    assert (own.user, own.account) == (IamRef("name", "ci"), IamRef("id", "0a"))
    assert ("account_id", "file f") in chosen('user = "ci"\naccount_id = "0a"\npassword = "env:PW"').origins
    assert password_method(environ={**HW_USER, "HW_DOMAIN_ID": "0a"}).account == IamRef("id", "0a")
    by_name, by_id = {"OS_USER_DOMAIN_NAME": "acme"}, {"OS_USER_DOMAIN_ID": "0a"}
    for variables_of_account, expected in (
        (by_name, IamRef("name", "acme")),
        (by_id | by_name, IamRef("id", "0a")),
        (by_id | {"OS_DOMAIN_ID": "0b"}, IamRef("id", "0a")),
        (by_name | {"OS_DOMAIN_ID": "0b"}, IamRef("id", "0b")),
    ):
        assert password_method(environ={**OS_USER, **variables_of_account}).account == expected


def test_the_account_of_a_project_is_that_of_the_user_unless_openstack_names_another() -> None:
    environ = {**OS_USER, "OS_USER_DOMAIN_NAME": "acme", "OS_PROJECT_NAME": "eu-de_a"}
    assert password_method(environ=environ).project_account is None
    assert password_method(environ={**environ, "OS_PROJECT_DOMAIN_NAME": "acme"}).project_account is None
    another = {**environ, "OS_PROJECT_DOMAIN_ID": "0b"}
    assert password_method(environ=another).project_account == IamRef("id", "0b")
    assert password_method(environ={**another, "OS_PROJECT_ID": "0f"}).project_account is None  # an id is unique
    for own in ('account = "own"', 'account_id = "0c"', 'project = "own"'):
        assert password_method(own, another).project_account is None


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("OS_USERNAME", "ci\nX-Evil: 1"),
        ("OS_USERNAME", b"\xff".decode(errors="surrogateescape")),
        ("OS_USER_ID", "0/7"),
        ("OS_USER_DOMAIN_NAME", "ac\nme"),
        ("OS_USER_DOMAIN_ID", "a b"),
        ("OS_PROJECT_NAME", "eu\x00de"),
        ("OS_PROJECT_DOMAIN_NAME", "a\tb"),
        ("OS_PROJECT_DOMAIN_ID", "a\nb"),
    ],
)
def test_a_name_that_is_not_one_line_of_text_is_refused_by_its_variable_and_never_sent(
    variable: str, value: str
) -> None:
    error = refusal(environ={**OS_USER, "OS_DOMAIN_NAME": "acme", variable: value})
    assert isinstance(error, ConfigError)
    assert error.setting == variable
    assert str(error).startswith(f"{variable}: the value is not ")


def test_metadata_is_used_only_when_auth_names_it_and_then_nothing_else() -> None:
    crawl = 'auth = "metadata"\nproject_id = "0f"\naccess_key = "env:HALF"'
    choice = chosen(crawl, HW_KEY, PROFILE)
    assert choice.method == MetadataMethod(endpoint="http://169.254.169.254", project_id="0f")
    assert choice.origins == (("auth", "file f"), ("metadata_endpoint", "default"), ("project_id", "file f"))
    assert secret_refs(choice.method) == ()


# --- sources ------------------------------------------------------------------------------------------

KEYS = {
    "own": ("SWR_CRAWLER_ACCESS_KEY", "SWR_CRAWLER_SECRET_KEY"),
    "sdk": ("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK"),
    "terraform": ("HW_ACCESS_KEY", "HW_SECRET_KEY"),
    "openstack": ("OS_ACCESS_KEY", "OS_SECRET_KEY"),
    "custodian": ("HUAWEI_ACCESS_KEY_ID", "HUAWEI_SECRET_ACCESS_KEY"),
}
TOKENS = {"own": "SWR_CRAWLER_TOKEN", "terraform": "HW_AUTH_TOKEN", "openstack": "OS_TOKEN"}
PASSWORDS = {
    "own": ("SWR_CRAWLER_USER", "SWR_CRAWLER_PASSWORD", "SWR_CRAWLER_ACCOUNT"),
    "terraform": ("HW_USER_NAME", "HW_USER_PASSWORD", "HW_DOMAIN_NAME"),
    "openstack": ("OS_USERNAME", "OS_PASSWORD", "OS_DOMAIN_NAME"),
}
ORDER = (*KEYS, "file")
METHODS = ("token", "aksk", "password")


def variables(source: str, methods: Iterable[str]) -> list[str]:
    """Return the variables of those of `methods` that a source has."""
    found = [TOKENS[source]] if "token" in methods and source in TOKENS else []
    found += KEYS[source] if "aksk" in methods and source in KEYS else ()
    return [*found, *(PASSWORDS[source] if "password" in methods and source in PASSWORDS else ())]


def knows(source: str, method: str) -> bool:
    return method == "aksk" or source in TOKENS


@given(
    st.dictionaries(st.sampled_from(ORDER), st.sets(st.sampled_from(METHODS), min_size=1)),
    st.sampled_from(("auto", *METHODS)),
    st.sampled_from((None, "~/mine")),
)
def test_the_first_method_of_the_first_source_with_credentials_is_chosen(
    present: dict[str, set[str]], auth: Auth, named: str | None
) -> None:
    environ = {name: SECRET for source in present if source != "file" for name in variables(source, present[source])}
    profile = PROFILE if "aksk" in present.get("file", ()) else ""
    crawl = f'auth = "{auth}"' + ('\ncredentials_file = "~/mine"' if named else "")
    order = ("own", "file", *ORDER[1:-1]) if named else ORDER
    wanted = METHODS if auth == "auto" else (auth,)
    winners = [
        (source, method)
        for source in order
        for method in wanted
        if method in present.get(source, ()) and (method == "aksk" if source == "file" else knows(source, method))
    ]
    if not winners:
        error = refusal(crawl, environ, profile)
        assert isinstance(error, CredentialsError)
        assert exit_code_of_error(error) == 77
        return
    source, method = winners[0]
    choice = chosen(crawl, environ, profile)
    assert choice.method.auth == method
    if source == "file":
        assert names(choice) == ["profile:basic.ak", "profile:basic.sk"]
        assert {origin for _, origin in choice.origins} == {f"file {named or FILE}"}
    else:
        written = set(variables(source, [method]))
        assert {name.removeprefix("env:") for name in names(choice)} <= written
        assert {f"environment {name}" for name in written} <= {origin for _, origin in choice.origins}
    assert SECRET not in repr([secret_refs(choice.method), choice.origins])


def test_a_token_of_another_tool_is_used_only_when_the_turn_of_that_tool_comes() -> None:
    environ = {"HW_AUTH_TOKEN": SECRET, **SDK_KEY}
    assert target(environ=environ).token == SecretRef("env", "HW_AUTH_TOKEN")
    assert chosen(environ=environ).method.auth == "aksk"
    assert chosen('token = "env:HW_AUTH_TOKEN"', environ).method.auth == "token"


def test_the_token_variables_of_the_sources_are_those_of_the_loader() -> None:
    for name in ("SWR_CRAWLER_TOKEN", *TOKEN_VARIABLES):
        assert names(chosen(environ={name: SECRET})) == [f"env:{name}"]


def test_of_several_variables_for_a_field_the_first_that_is_set_counts() -> None:
    environ = {"OS_AUTH_TOKEN": "", "OS_TOKEN": SECRET}
    assert names(chosen(environ=environ)) == ["env:OS_TOKEN"]
    user = {"OS_USERNAME": "ci", "OS_PASSWORD": SECRET, "OS_DOMAIN_NAME": "no", "OS_USER_DOMAIN_NAME": "acme"}
    method = chosen(environ={**user, "OS_TENANT_ID": "0f"}).method
    assert isinstance(method, PasswordMethod)
    assert (method.account, method.project) == (IamRef("name", "acme"), IamRef("id", "0f"))


def test_account_project_and_iam_of_the_crawlers_settings_override_those_of_every_source() -> None:
    other = {"HW_PROJECT_ID": "1e", "HW_PROJECT_NAME": "other", "HW_AUTH_URL": "https://iam.other:443/v3"}
    method = chosen(environ={**HW_USER, **other}).method
    assert isinstance(method, PasswordMethod)
    assert (method.project, method.iam_endpoint) == (IamRef("id", "1e"), "https://iam.other")
    own = 'project = "own"\niam_endpoint = "iam.own"\naccount = "own"'
    method = chosen(own, {**HW_USER, **other}).method
    assert isinstance(method, PasswordMethod)
    assert (method.project, method.iam_endpoint) == (IamRef("name", "own"), "https://iam.own")
    assert method.account == IamRef("name", "own")


def test_the_configured_iam_may_be_on_plain_http_when_the_loader_allowed_it() -> None:
    crawl = 'allow_http = true\niam_endpoint = "http://iam.example"'
    method = chosen(crawl, HW_USER).method
    assert isinstance(method, PasswordMethod)
    assert method.iam_endpoint == "http://iam.example"


def test_the_credentials_file_is_read_only_when_its_turn_comes() -> None:
    assert chosen(environ=HW_KEY, profile="no INI").method.auth == "aksk"
    error = refusal(profile=f"ak = {SECRET}")
    assert isinstance(error, ConfigError)
    assert str(error).startswith(f"{FILE}: is not a credentials file of the SDK")
    assert exit_code_of_error(refusal(profile=f"[basic]\nak = {SECRET}\nak = {SECRET}")) == 78
    assert exit_code_of_error(refusal(profile="[global]\nak = x\nsk = y")) == 77


def test_the_credentials_file_may_name_a_project_and_hold_a_percent_sign() -> None:
    text = f"\ufeff[basic]\nak = %{SECRET}\nsk = %(x)s\nproject_id = 0f\nsecurity_token ="
    method = chosen(profile=text).method
    assert method == AccessKeyMethod(
        access_key=SecretRef("profile", "basic.ak"),
        secret_key=SecretRef("profile", "basic.sk"),
        security_token=None,
        project_id="0f",
    )


def test_a_credentials_file_that_a_setting_names_is_read_before_other_tools_variables_and_must_exist() -> None:
    crawl = 'credentials_file = "/srv/c"'
    assert names(chosen(crawl, HW_KEY, PROFILE)) == ["profile:basic.ak", "profile:basic.sk"]
    error = refusal(crawl, HW_KEY)
    assert isinstance(error, CredentialsError)
    assert "credentials_file is /srv/c (file f), but there is no such file; create it or set another path" in str(error)
    assert chosen(f'{crawl}\ntoken = "env:T"').method.auth == "token"
    by_sdk = {**HW_KEY, "HUAWEICLOUD_SDK_CREDENTIALS_FILE": "/srv/c"}
    assert target(environ=by_sdk).credentials_file == "/srv/c"
    assert names(chosen("", by_sdk, PROFILE)) == ["env:HW_ACCESS_KEY", "env:HW_SECRET_KEY"]


# --- isolated targets ---------------------------------------------------------------------------------


@given(st.sets(st.sampled_from([*SDK_KEY, *HW_KEY, *HW_USER, *TOKENS.values(), *KEYS["own"], *PASSWORDS["own"]])))
def test_a_target_with_its_own_credentials_uses_none_of_the_environment(others: set[str]) -> None:
    environ = dict.fromkeys(others, SECRET)
    for own in ('token = "env:OWN"', 'access_key = "env:OWN"\nsecret_key = "env:OWN"'):
        assert set(names(chosen("", environ, PROFILE, own=own))) == {"env:OWN"}
    half = refusal('account = "acme"', environ, PROFILE, own='user = "ci"')
    assert str(half) == (
        "target default: found user (file f) but no password; set password in its [[target]], or remove user"
    )
    other = refusal("", environ, PROFILE, own='token = "env:OWN"\nauth = "aksk"')
    assert 'auth is "aksk" (file f), but there are no such credentials; set access_key in its [[target]]' in str(other)
    filed = chosen("", environ, PROFILE, own='credentials_file = "/srv/c"')
    assert names(filed) == ["profile:basic.ak", "profile:basic.sk"]


def test_the_error_of_an_isolated_target_without_credentials_names_its_own_table() -> None:
    for own in ('token = ""', 'credentials_file = "/srv/c"'):
        error = refusal("", HW_KEY, "", own=own)
        assert isinstance(error, CredentialsError)
        assert "default: its [[target]] has settings of credentials, so that no other source is used; set token" in str(
            error
        )


def test_an_isolated_target_takes_account_project_and_iam_from_the_file_alone() -> None:
    environ = {
        "SWR_CRAWLER_ACCOUNT": "no",
        "SWR_CRAWLER_PROJECT_ID": "no",
        "SWR_CRAWLER_IAM_ENDPOINT": "no.example",
        "HUAWEICLOUD_SDK_CREDENTIALS_FILE": "/no",
    }
    only = target('account = "acme"\ntoken = "env:CRAWL"', own='user = "ci"\npassword = "env:PW"', environ=environ)
    assert (only.isolated, only.account, only.token, only.project_id) == (True, "acme", None, None)
    assert only.credentials_file == FILE
    method = choose_method(only, environ, ToolFiles()).method
    assert isinstance(method, PasswordMethod)
    assert (method.account, method.iam_endpoint) == (
        IamRef("name", "acme"),
        "https://iam.eu-de.otc.t-systems.com",
    )


def test_a_target_without_its_own_credentials_uses_those_of_the_environment() -> None:
    only = target(own='project_id = "0f"', environ=HW_KEY)
    assert not only.isolated
    method = choose_method(only, HW_KEY, ToolFiles()).method
    assert isinstance(method, AccessKeyMethod)
    assert method.project_id == "0f"


# --- incomplete and missing credentials ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("crawl", "environ", "profile", "setting", "says"),
    [
        (
            'access_key = "env:AK"',
            {},
            None,
            "access_key",
            "found access_key (file f) but no secret_key; set SWR_CRAWLER_SECRET_KEY (or secret_key in the",
        ),
        (
            'security_token = "env:ST"',
            {},
            None,
            "security_token",
            "security_token (file f) but no access_key or secret_key; set SWR_CRAWLER_ACCESS_KEY",
        ),
        (
            "",
            {"SWR_CRAWLER_SECRET_KEY": SECRET},
            PROFILE,
            "SWR_CRAWLER_SECRET_KEY",
            "secret_key (environment SWR_CRAWLER_SECRET_KEY) but no access_key",
        ),
        (
            "",
            {"HUAWEICLOUD_SDK_AK": SECRET, **HW_KEY},
            PROFILE,
            "HUAWEICLOUD_SDK_AK",
            "(environment HUAWEICLOUD_SDK_AK) but no secret_key; set HUAWEICLOUD_SDK_SK, or remove HUAWEICLOUD_SDK_AK",
        ),
        ("", {}, f"[basic]\nak = {SECRET}", "access_key", "but no secret_key; set sk in section [basic] of ~/"),
        ('user = "ci"', HW_USER, None, "user", "user (file f) but no password or account; set SWR_CRAWLER_PASSWORD"),
        (
            'password = "env:PW"\nuser = "ci"',
            {},
            None,
            "user",
            "user (file f) and password (file f) but no account; set SWR_CRAWLER_ACCOUNT (or account in the",
        ),
        (
            "",
            {"HW_USER_NAME": "ci", "HW_USER_PASSWORD": SECRET},
            None,
            "HW_USER_NAME",
            "but no account; set HW_DOMAIN_NAME, or remove HW_USER_NAME and HW_USER_PASSWORD",
        ),
        (
            'endpoint = "a.example"\niam_endpoint = "i.example"',
            HW_USER,
            None,
            "HW_USER_NAME",
            "but no project; set region, project or project_id",
        ),
        (
            'endpoint = "a.example"\nregion = "xx-new-1"',
            HW_USER,
            None,
            "HW_USER_NAME",
            "but no IAM endpoint; set iam_endpoint, or a known region",
        ),
        (
            'project = "sub"',
            HW_KEY,
            None,
            "project",
            "project (file f) is a name, but access keys need the id of",
        ),
        ("", {**HW_KEY, "HW_PROJECT_NAME": "sub"}, None, "HW_PROJECT_NAME", "(environment HW_PROJECT_NAME) is a name"),
        (
            'project = "sub"\nauth = "metadata"',
            {},
            None,
            "project",
            "is a name, but access keys need the id of the",
        ),
        ("", {**HW_KEY, "HW_PROJECT_ID": "a\r\nb"}, None, "HW_PROJECT_ID", "HW_PROJECT_ID: the value is not a project"),
        (
            "",
            {**HW_USER, "HW_AUTH_URL": "https://a/v2"},
            None,
            "HW_AUTH_URL",
            "HW_AUTH_URL: the value is not an origin",
        ),
        (
            "",
            {**HW_USER, "HW_AUTH_URL": "http://a/v3"},
            None,
            "HW_AUTH_URL",
            "HW_AUTH_URL: plain http exposes the credentials",
        ),
    ],
)
def test_an_incomplete_method_is_refused_with_where_it_was_found_and_what_is_missing(
    crawl: str, environ: Mapping[str, str], profile: str | None, setting: str, says: str
) -> None:
    error = refusal(crawl, environ, profile)
    assert isinstance(error, ConfigError)
    assert exit_code_of_error(error) == 78
    assert error.setting == setting
    assert says in str(error)


def test_an_incomplete_method_in_the_crawlers_settings_is_refused_beside_a_complete_one_and_all_are_named() -> None:
    error = str(refusal('token = "env:T"\nsecret_key = "env:SK"\npassword = "env:PW"'))
    assert "secret_key (file f) but no access_key" in error
    assert "; target eu-de: found password (file f) but no user or account" in error
    assert chosen('token = "env:T"\nsecret_key = "env:SK"\nauth = "token"').method.auth == "token"


def test_an_incomplete_method_of_another_tool_beside_a_complete_one_is_ignored() -> None:
    assert chosen(environ={"OS_TOKEN": SECRET, "OS_USERNAME": "ci"}).method.auth == "token"
    sub = {**HW_KEY, **HW_USER, "HW_PROJECT_NAME": "sub"}
    assert chosen(environ=sub).method.auth == "password"


def test_an_access_key_may_have_the_project_with_the_regions_name_because_it_is_the_regions_own() -> None:
    method = chosen('project = "eu-de"', HW_KEY).method
    assert isinstance(method, AccessKeyMethod)
    assert method.project_id is None


def test_a_loopback_iam_of_another_tool_may_be_on_plain_http() -> None:
    method = chosen(environ={**HW_USER, "HW_AUTH_URL": "http://127.0.0.1:8080/v3/"}).method
    assert isinstance(method, PasswordMethod)
    assert method.iam_endpoint == "http://127.0.0.1:8080"


def test_missing_credentials_are_refused_with_the_ways_to_set_them() -> None:
    error = refusal()
    assert isinstance(error, CredentialsError)
    assert str(error).startswith("no credentials for target eu-de: export SWR_CRAWLER_TOKEN=TOKEN, or SWR_CRAWLER_A")
    insists = refusal('auth = "password"', HW_KEY, PROFILE)
    assert isinstance(insists, CredentialsError)
    assert str(insists).startswith(
        'target eu-de: auth is "password" (file f), but there are no such credentials; set SWR_CRAWLER_USER (or user in'
    )


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"OS_CLIENT_CONFIG_FILE": "/c"}, "OS_CLIENT_CONFIG_FILE is set, but OS_CLOUD does not say which entry"),
        (
            {"HUAWEICLOUD_SDK_CREDENTIALS_FILE": "/c"},
            "HUAWEICLOUD_SDK_CREDENTIALS_FILE is set, but there is no such file",
        ),
        (
            {"HUAWEICLOUD_OIDC_ID_TOKEN": "a"},
            "HUAWEICLOUD_OIDC_ID_TOKEN is set, but not HUAWEICLOUD_OIDC_PROVIDER_URN and HUAWEICLOUD_OIDC_AGENCY_URN",
        ),
        (
            {"HUAWEICLOUD_OIDC_AGENCY_URN": "a", "HUAWEICLOUD_OIDC_PROVIDER_URN": "p"},
            "HUAWEICLOUD_OIDC_PROVIDER_URN and HUAWEICLOUD_OIDC_AGENCY_URN are set, but not HUAWEICLOUD_OIDC_ID_TOKEN",
        ),
        ({"HUAWEICLOUD_SDK_IDP_ID": "a"}, "HUAWEICLOUD_SDK_IDP_ID is set, but not HUAWEICLOUD_SDK_ID_TOKEN_FILE"),
        (
            {"HC_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/t"},
            "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE is set, but not HC_CONTAINER_CREDENTIALS_FULL_URI",
        ),
    ],
)
def test_what_leads_to_nothing_where_nothing_else_was_found_is_named(environ: Mapping[str, str], says: str) -> None:
    error = refusal(environ=environ)
    assert isinstance(error, CredentialsError)
    assert str(error).startswith(f"no credentials for target eu-de: {says}")
    assert "; export SWR_CRAWLER_TOKEN=TOKEN, or SWR_CRAWLER_ACCESS_KEY" in str(error)
    assert chosen(environ={**environ, **HW_KEY}).method.auth == "aksk"
    none_of_it = dict.fromkeys(environ, "")
    assert "export SWR_CRAWLER_TOKEN" in str(refusal(environ=none_of_it)).partition(": ")[2][:30]


def test_a_target_made_by_hand_needs_no_origins() -> None:
    by_hand = replace(target('token = "env:T"'), origins=())
    assert choose_method(by_hand, {}, ToolFiles()).origins == (("token", "default"),)
    assert choose_method(replace(by_hand, auth="metadata"), {}, ToolFiles()).method.auth == "metadata"
