"""Laws of the file of KooCLI: which profile, and whose keys it has, as Terraform reads it."""

import json
from collections.abc import Mapping

import pytest

from crawler.config.credentials.tool_files.hcloud import HcloudProfile, find_profile, names_profile
from crawler.errors import ConfigError
from tests.config.loading import tool_files

DEFAULT = "~/.hcloud/config.json"
SECRET = "hushhush"
KEYS = {"accessKeyId": "AK1", "secretAccessKey": SECRET}


def found(*profiles: object, region: str | None = "cn-north-4", **variables: str) -> HcloudProfile:
    """Return what the variables find in a file with these profiles, of which the first is the current one."""
    text = json.dumps({"current": "p0", "profiles": list(profiles)})
    return find_profile(region, variables or {"HW_PROFILE": "p0"}, tool_files({DEFAULT: text, "/my": text}))


def profile(number: int = 0, **more: object) -> dict[str, object]:
    return {"name": f"p{number}", "mode": "AKSK", **KEYS, **more}


def refusal(*profiles: object, **variables: str) -> str:
    with pytest.raises(ConfigError) as caught:
        found(*profiles, **variables)
    message = str(caught.value)
    assert "\n" not in message
    assert SECRET not in message
    assert caught.value.setting in {"HW_PROFILE", "HW_SHARED_CONFIG_FILE"}
    return message


def test_a_profile_is_asked_for_when_one_of_the_two_variables_is_set() -> None:
    assert not names_profile({"HW_PROFILE": "", "HW_ACCESS_KEY": "a"})
    assert names_profile({"HW_PROFILE": "p"})
    assert names_profile({"HW_SHARED_CONFIG_FILE": "/my"})


def test_the_variable_names_the_profile_else_the_file_does_and_its_first_of_that_name_holds() -> None:
    profiles = (profile(0), profile(1, accessKeyId="AK2"), profile(1, accessKeyId="AK3"))
    assert found(*profiles, HW_PROFILE="p1").fields["access_key"] == "AK2"
    current = found(*profiles, HW_SHARED_CONFIG_FILE="/my")
    assert (current.name, current.path, current.fields["access_key"]) == ("p0", "/my", "AK1")


def test_a_profile_has_keys_project_and_account() -> None:
    whole = found(profile(securityToken="ST", projectId="0f", domainId="0d", region="cn-north-4"))
    assert whole.fields == {
        "access_key": "AK1",
        "secret_key": SECRET,
        "security_token": "ST",
        "project_id": "0f",
        "account_id": "0d",
    }
    assert SECRET not in repr(whole)
    assert found(profile(securityToken="", projectId=None)).fields == {"access_key": "AK1", "secret_key": SECRET}


def test_a_profile_of_a_single_sign_on_has_temporary_keys_of_its_own() -> None:
    sts = {"accessKeyId": "AK9", "secretAccessKey": SECRET, "securityToken": "ST"}
    sso = found(profile(mode="SSO", projectId="0f", ssoAuth={"stsToken": sts})).fields
    assert (sso["access_key"], sso["security_token"], sso["project_id"]) == ("AK9", "ST", "0f")
    assert "no access key that can be read" in refusal(profile(mode="SSO"))


@pytest.mark.parametrize("key", ["agencyName", "agencyDomainName", "agencyDomainId"])
def test_an_agency_of_a_profile_is_named(key: str) -> None:
    assert found({**profile(), key: "auditors"}).unsupported == (f"{key} of profile p0 in {DEFAULT}",)
    assert found({**profile(), key: ""}).unsupported == ()


def test_the_project_of_a_profile_is_in_its_region() -> None:
    elsewhere = profile(projectId="0f", region="cn-south-1")
    assert refusal(elsewhere).startswith(
        f"HW_PROFILE: the project of profile p0 in {DEFAULT} is in region 'cn-south-1', and the target in cn-north-4;"
    )
    assert found(elsewhere, region=None).fields["project_id"] == "0f"
    assert "project_id" not in found(profile(region="cn-south-1")).fields  # a key is of all regions


@pytest.mark.parametrize(
    ("profiles", "says"),
    [
        ((), "has no profile 'p0'; set HW_PROFILE to one that hcloud configure list shows"),
        (([],), "has no profile 'p0'"),
        ((profile(mode="ecsAgency"),), "set auth to metadata"),
        ((profile(mode="AssumeRole"),), "choose a profile with mode AKSK or SSO"),
        ((profile(accessKeyId=""),), "no access key that can be read; log in again by hcloud"),
        ((profile(accessKeyId="x" * 64),), "run hcloud configure set --cli-auth-encrypt=false"),
        ((profile(accessKeyId="AK+1=="),), "run hcloud configure set --cli-auth-encrypt=false"),
    ],
)
def test_a_profile_without_keys_that_can_be_read_is_refused(profiles: tuple[object, ...], says: str) -> None:
    assert says in refusal(*profiles)


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        (
            {"HW_PROFILE": "p0"},
            f"HW_PROFILE is set, but there is no file {DEFAULT}; create it by hcloud configure init",
        ),
        ({"HW_SHARED_CONFIG_FILE": "/a\nb"}, "HW_SHARED_CONFIG_FILE is set, but there is no file '/a\\nb'"),
    ],
)
def test_a_file_that_is_not_there_is_refused(environ: Mapping[str, str], says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        find_profile(None, environ, tool_files({}))
    assert str(caught.value).startswith(says)


@pytest.mark.parametrize("text", ["{", "[]", '{"profiles": 1}', '{"current": [], "profiles": [{"name": []}]}'])
def test_a_file_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"is not JSON|has no profile"):
        find_profile(None, {"HW_PROFILE": "p0"}, tool_files({DEFAULT: text}))


def test_a_name_with_a_newline_is_shown_in_one_line() -> None:
    assert found(profile(name="a\nb"), HW_PROFILE="a\nb").name == "'a\\nb'"
