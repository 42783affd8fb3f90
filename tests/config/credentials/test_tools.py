"""Laws of the table of variables: each is in the column of its tool and in the row of its field."""

import pytest

from crawler.config.credentials.tools import TOKEN_VARIABLES, TOOLS, Tool

PREFIXES = ("HUAWEICLOUD_SDK_", "HW_", "OS_", "HUAWEI_")
# How the tools end the name of a field (swr-api.md#sdk-environment and the sections beside it).
ENDINGS = {
    "token": {"AUTH_TOKEN", "TOKEN"},
    "access_key": {"AK", "ACCESS_KEY", "ACCESS_KEY_ID"},
    "secret_key": {"SK", "SECRET_KEY", "SECRET_ACCESS_KEY"},
    "security_token": {"SECURITY_TOKEN"},
    "user": {"USER_NAME", "USERNAME"},
    "password": {"USER_PASSWORD", "PASSWORD"},
    "user_id": {"USER_ID"},
    "account": {"DOMAIN_NAME", "USER_DOMAIN_NAME"},
    "account_id": {"DOMAIN_ID", "USER_DOMAIN_ID"},
    "project_account": {"PROJECT_DOMAIN_NAME"},
    "project_account_id": {"PROJECT_DOMAIN_ID"},
    "project_id": {"PROJECT_ID", "TENANT_ID"},
    "project": {"PROJECT_NAME", "TENANT_NAME"},
    "iam_endpoint": {"AUTH_URL"},
}


@pytest.mark.parametrize(("prefix", "tool"), list(zip(PREFIXES, TOOLS, strict=True)), ids=PREFIXES)
def test_each_variable_of_a_tool_has_its_prefix_and_names_its_field(prefix: str, tool: Tool) -> None:
    for field, names in tool.variables.items():
        for name in names:
            assert name.startswith(prefix)
            assert name.removeprefix(prefix) in ENDINGS[field]
        assert len(names) == len(set(names))


def test_every_tool_has_an_access_key_and_of_two_names_the_newer_is_first() -> None:
    assert all({"access_key", "secret_key", "security_token", "project_id"} <= set(tool.variables) for tool in TOOLS)
    openstack = TOOLS[2].variables
    assert openstack["project_id"] == ("OS_PROJECT_ID", "OS_TENANT_ID")
    assert openstack["project"] == ("OS_PROJECT_NAME", "OS_TENANT_NAME")
    assert openstack["account"] == ("OS_USER_DOMAIN_NAME", "OS_DOMAIN_NAME")
    assert TOKEN_VARIABLES == ("HW_AUTH_TOKEN", "OS_AUTH_TOKEN", "OS_TOKEN")
