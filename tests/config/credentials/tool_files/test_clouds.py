"""Laws of clouds.yaml: which file, which entry, and what it says, as the clients of OpenStack read it."""

from collections.abc import Mapping

import pytest

from crawler.config.credentials.tool_files.cloud_entry import CloudEntry, layer_of
from crawler.config.credentials.tool_files.clouds import cloud_name, find_cloud
from crawler.config.credentials.tool_files.documents import ToolFiles
from crawler.errors import ConfigError
from tests.config.loading import tool_files

HERE = "./clouds.yaml"
SECRET = "hushhush"


def entry(text: str, *, region: str | None = "eu-de", secure: str = "", public: str = "") -> CloudEntry:
    """Return the entry `prod` with the YAML `text`, beside the files secure.yaml and clouds-public.yaml."""
    lines = "".join(f"    {line}\n" for line in text.splitlines())
    texts = {HERE: f"clouds:\n  prod:\n{lines}", "./secure.yaml": secure, "./clouds-public.yaml": public}
    return find_cloud("prod", region, {}, tool_files({path: text for path, text in texts.items() if text}))


def fields(text: str, *, region: str | None = "eu-de", public: str = "") -> dict[str, str]:
    return dict(entry(text, region=region, public=public).fields)


def refusal(files: ToolFiles, environ: Mapping[str, str] | None = None, name: str = "prod") -> str:
    with pytest.raises(ConfigError) as caught:
        find_cloud(name, "eu-de", environ or {}, files)
    message = str(caught.value)
    assert "\n" not in message
    assert SECRET not in message
    assert caught.value.setting in {"OS_CLOUD", "OS_CLIENT_CONFIG_FILE", "OS_CLIENT_SECURE_FILE"}
    return message


# --- which file


CONFIG = "~/.config/openstack/clouds.yaml"
LAST = "/etc/openstack/clouds.yaml"


@pytest.mark.parametrize(
    ("environ", "order"),
    [
        ({}, f"{HERE} ./clouds.yml ./clouds.json {CONFIG} /etc/xdg/openstack/clouds.yml {LAST}"),
        (
            {"XDG_CONFIG_HOME": "/x", "XDG_CONFIG_DIRS": "/s:/t"},
            f"/x/openstack/clouds.yaml {CONFIG} /s/openstack/clouds.yaml /t/openstack/clouds.yaml {LAST}",
        ),
        ({"OS_CLIENT_CONFIG_FILE": "/my.yaml"}, "/my.yaml"),
    ],
)
def test_the_first_file_in_the_order_of_the_clients_is_read_and_no_other(
    environ: Mapping[str, str], order: str
) -> None:
    paths = order.split()
    for number, path in enumerate(paths):
        texts = dict.fromkeys(paths[number:], '{"clouds": {"prod": {"auth": {"username": "later"}}}}')
        texts[path] = '{"clouds": {"prod": {"auth": {"username": "first"}}}}'
        found = find_cloud("prod", None, environ, tool_files(texts))
        assert (found.fields["user"], found.paths["user"]) == ("first", path)


def test_a_file_that_a_variable_names_has_to_be_there() -> None:
    files = tool_files({HERE: "clouds: {prod: {}}"})
    for variable in ("OS_CLIENT_CONFIG_FILE", "OS_CLIENT_SECURE_FILE"):
        assert refusal(files, {variable: "/no\nwhere"}) == (
            f"{variable} is '/no\\nwhere', but there is no such file; correct it"
        )


def test_without_a_file_or_an_entry_the_message_says_where_it_was_looked_for_and_what_there_is() -> None:
    assert refusal(tool_files({})) == (
        "OS_CLOUD is prod, but there is no clouds.yaml in ., ~/.config/openstack, /etc/xdg/openstack, /etc/openstack;"
        " set OS_CLIENT_CONFIG_FILE to its path, or remove OS_CLOUD"
    )
    others = tool_files({HERE: 'clouds: {a: {}, "b\\nc": {}, d: {}, e: {}, f: {}, g: {}}'})
    assert refusal(others) == (
        "OS_CLOUD is prod, but ./clouds.yaml has no such entry below clouds; set one of: a, 'b\\nc', d, e, f, …"
    )
    for text in ("", "clouds: []", "[]", "clouds: {}"):
        assert refusal(tool_files({HERE: text})).endswith("set one of: none")


def test_the_name_of_an_entry_is_one_line() -> None:
    assert refusal(tool_files({}), name="a\nb") == "OS_CLOUD: the value is not one line of printable characters"


def test_the_entry_that_stands_for_the_variables_is_none_of_the_file() -> None:
    assert cloud_name({}) is cloud_name({"OS_CLOUD": ""}) is cloud_name({"OS_CLOUD": "envvars"}) is None
    assert cloud_name({"OS_CLOUD": "envvars", "OS_CLOUD_NAME": "mine"}) == "envvars"
    assert cloud_name({"OS_CLOUD": "mine", "OS_CLOUD_NAME": "mine"}) is None


def test_a_file_that_is_no_yaml_is_refused_with_its_line() -> None:
    assert refusal(tool_files({HERE: f"clouds:\n  prod: [{SECRET}"})) == (
        "./clouds.yaml: is not YAML in line 2; correct that file"
    )


# --- what it says


def test_each_key_of_auth_is_a_field() -> None:
    text = (
        "auth: {username: u, user_id: '01', password: 00123, user_domain_name: a, user_domain_id: 2b, project_name: p,"
        " project_id: 3c, project_domain_name: q, project_domain_id: 4d, auth_url: 'https://iam.example/v3'}"
    )
    assert fields(text) == {
        "user": "u",
        "user_id": "01",
        "password": "00123",
        "account": "a",
        "account_id": "2b",
        "project": "p",
        "project_id": "3c",
        "project_account": "q",
        "project_account_id": "4d",
        "iam_endpoint": "https://iam.example/v3",
    }
    assert fields("auth: {ak: A, sk: S, security-token: T}") == fields(
        "auth: {access_key: A, secret_key: S, security_token: T}"
    )


def test_a_domain_stands_for_both_accounts_and_a_tenant_is_a_project() -> None:
    text = "auth: {username: u, domain_name: d, domain-id: 0d, tenant_id: 1f, tenant-name: t}"
    assert fields(text) == {
        "user": "u",
        "account": "d",
        "account_id": "0d",
        "project_account": "d",
        "project_account_id": "0d",
        "project_id": "1f",
        "project": "t",
    }
    assert fields("auth: {user_domain_name: u, domain_name: d, default_domain_name: x}")["account"] == "u"
    assert fields("auth: {default_domain_id: x}") == {"account_id": "x"}


def test_keys_outside_auth_count_and_for_project_domain_and_token_override_it() -> None:
    assert fields("project_name: out\nusername: out\nauth: {project_name: in, username: in}") == {
        "project": "out",
        "user": "in",
    }
    assert fields("password: out") == {"password": "out"}


def test_secure_yaml_overrides_clouds_yaml_and_may_hold_the_entry_alone() -> None:
    secure = "clouds: {prod: {auth: {password: safe, username: other}}}"
    found = entry("auth: {username: u, password: open, project_name: p}", secure=secure)
    assert found.fields == {"user": "other", "password": "safe", "project": "p"}
    assert found.paths == {"user": "./secure.yaml", "password": "./secure.yaml", "project": "./clouds.yaml"}
    alone = find_cloud("prod", None, {}, tool_files({"./secure.yaml": secure}))
    assert alone.fields == {"user": "other", "password": "safe"}


@pytest.mark.parametrize(
    ("auth_type", "used"),
    [
        ("", {"access_key", "secret_key", "user", "password"}),
        ("auth_type: password", {"user", "password"}),
        ("auth_type: v3password", {"user", "password"}),
        ("auth_type: token", {"token"}),
        ("auth_plugin: v3token", {"token"}),
        ("auth_plugin: token\nauth_type: password", {"user", "password"}),
        ("auth_type: aksk", {"access_key", "secret_key"}),
    ],
)
def test_the_type_of_the_login_says_which_credentials_are_used(auth_type: str, used: set[str]) -> None:
    found = entry(f"{auth_type}\nauth: {{token: t, ak: a, sk: s, username: u, password: p}}")
    assert set(found.fields) == used
    assert found.unsupported == ()


def test_without_a_password_a_token_is_used() -> None:
    assert set(fields("auth: {token: t, username: u}")) == {"token", "user"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("auth_type: v3oidcpassword\nauth: {identity_provider: i}", ("auth.identity_provider", "auth_type")),
        ("auth_type: v3applicationcredential", ("auth_type",)),
        ("auth: {trust_id: t}", ("auth.trust_id",)),
        ("trust_id: t", ("trust_id",)),
        ("auth: {target_agency_name: a, target_domain_id: d}", ("auth.target_agency_name", "auth.target_domain_id")),
        ('auth: {"a\\nb": c}', ("auth.'a\\nb'",)),
        ("auth: {passcode: null, system_scope: all, scopes: [a]}", ("auth.scopes",)),
    ],
)
def test_what_makes_a_client_act_for_somebody_else_is_named(text: str, names: tuple[str, ...]) -> None:
    assert entry(text).unsupported == names


def test_how_the_service_is_reached_is_named_as_unread() -> None:
    assert entry("verify: false\ncacert: /ca\nkey: /k\nauth: {token: t}").unread == ("verify", "cacert", "key")


@pytest.mark.parametrize("text", ["auth: {password: [hushhush]}", "auth: {username: {a: b}}", "auth_type: [a]"])
def test_a_list_in_the_place_of_a_text_is_refused(text: str) -> None:
    lines = "".join(f"    {line}\n" for line in text.splitlines())
    message = refusal(tool_files({HERE: f"clouds:\n  prod:\n{lines}"}))
    assert message.endswith("of cloud prod in ./clouds.yaml is no text; correct ./clouds.yaml")


def test_no_repr_shows_a_secret() -> None:
    found = entry(f"password: {SECRET}\nauth: {{token: {SECRET}}}")
    assert repr(found) == "CloudEntry(password)"
    document = tool_files({HERE: f"a: {SECRET}"}).first([HERE], "OS_CLOUD")
    assert repr(document) == "Document('./clouds.yaml')"
    assert repr(layer_of({"auth": {"password": SECRET}}, HERE)) == "Layer('./clouds.yaml')"


def test_a_key_in_two_spellings_is_refused() -> None:
    assert refusal(tool_files({HERE: "clouds: {prod: {auth: {project-id: a, project_id: b}}}"})) == (
        "OS_CLOUD: ./clouds.yaml has project-id and project_id in one entry; remove one of them"
    )


# --- profiles and regions


def test_a_profile_is_below_the_entry_and_otc_is_known() -> None:
    assert fields("profile: otc", region="eu-nl") == {"iam_endpoint": "https://iam.eu-nl.otc.t-systems.com/v3"}
    assert fields("cloud: otc", region=None)["iam_endpoint"] == "https://iam.eu-de.otc.t-systems.com/v3"
    assert fields("profile: otc\nauth: {auth_url: 'https://mine/v3'}") == {"iam_endpoint": "https://mine/v3"}
    assert fields("profile: envvars\nauth: {username: u}") == {"user": "u"}
    public = "public-clouds: {otc: {auth: {auth_url: 'https://p/v3', domain_name: d}}, lab: {auth: {username: l}}}"
    assert fields("profile: otc", public=public)["account"] == "d"
    assert fields("profile: lab", public=public) == {"user": "l"}
    for others in ({}, {"./clouds-public.yaml": public}):
        files = tool_files({HERE: "clouds: {prod: {profile: rackspace}}", **others})
        assert "cloud prod in ./clouds.yaml has a profile that no clouds-public.yaml describes" in refusal(files)


def test_the_values_of_the_targets_region_hold_and_a_region_that_the_entry_does_not_have_is_refused() -> None:
    text = (
        "regions:\n- eu-nl\n- {name: eu-de, values: {auth: {project_name: de}}}\nauth: {project_name: nl, username: u}"
    )
    assert fields(text, region="eu-de") == {"project": "de", "user": "u"}
    assert fields(text, region="eu-nl") == {"project": "nl", "user": "u"}
    assert fields(text, region=None)["project"] == "nl"  # the first one
    assert fields("region_name: eu-de,eu-nl\nauth: {username: u}", region="eu-nl") == {"user": "u"}
    assert fields("regions: [{name: [eu-nl]}, eu-de]\nauth: {username: u}") == {"user": "u"}
    assert fields("region_name: []\nauth: {username: u}") == {"user": "u"}
    files = tool_files({HERE: "clouds: {prod: {region_name: eu-nl}}"})
    assert refusal(files) == (
        "OS_CLOUD: cloud prod in ./clouds.yaml is for region eu-nl, not for eu-de; set the region to one of its own, or"
        " OS_CLOUD to another entry"
    )


def test_an_address_that_needs_a_region_is_refused_without_one() -> None:
    text = "clouds: {prod: {auth: {auth_url: 'https://iam.{region_name}/v3', password: '{region_name}'}}}"
    with pytest.raises(ConfigError, match=r"auth_url of cloud prod in \./clouds\.yaml needs a region; set the region"):
        find_cloud("prod", None, {}, tool_files({HERE: text}))
    found = find_cloud("prod", "eu-de", {}, tool_files({HERE: text})).fields
    assert found == {"iam_endpoint": "https://iam.eu-de/v3", "password": "{region_name}"}
