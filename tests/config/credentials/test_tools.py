"""Laws of the table of variables: each is in the column of its tool and in the row of its field."""

import pytest
from huaweicloudsdkcore.auth.internal import IamHelper, StsHelper
from huaweicloudsdkcore.auth.provider import (
    EnvCredentialProvider,
    OidcStsCredentialProvider,
    PodIdentityCredentialProvider,
)

from crawler.config.credentials.tools.variables import (
    FILE_VARIABLES,
    POD_IDENTITY,
    SDK,
    TOKEN_VARIABLES,
    TOOLS,
    Tool,
)

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
    "iam_endpoint": {"AUTH_URL", "IAM_ENDPOINT"},
    "sts_endpoint": {"STS_ENDPOINT"},
    "idp_id": {"IDP_ID"},
    "idp_token": {"ID_TOKEN_FILE"},
}
# The SDK names what STS takes in a family of its own.
OIDC = {
    "HUAWEICLOUD_OIDC_PROVIDER_URN": "provider_urn",
    "HUAWEICLOUD_OIDC_AGENCY_URN": "agency_urn",
    "HUAWEICLOUD_OIDC_ID_TOKEN": "id_token",
    "HUAWEICLOUD_OIDC_TOKEN_FILE": "id_token",
    "HUAWEICLOUD_OIDC_SESSION_NAME": "session_name",
    "HUAWEICLOUD_OIDC_DURATION_SECONDS": "session_duration_s",
    "HUAWEICLOUD_OIDC_POLICY": "session_policy",
    "HUAWEICLOUD_OIDC_POLICY_IDS": "session_policy_ids",
}


@pytest.mark.parametrize(("prefix", "tool"), list(zip(PREFIXES, TOOLS, strict=True)), ids=PREFIXES)
def test_each_variable_of_a_tool_has_its_prefix_and_names_its_field(prefix: str, tool: Tool) -> None:
    for field, names in tool.variables.items():
        for name in names:
            assert OIDC.get(name) == field or name.removeprefix(prefix) in ENDINGS[field]
            assert name.startswith((prefix, "HUAWEICLOUD_OIDC_"))
        assert len(names) == len(set(names))


def test_the_variables_of_the_sdk_are_those_that_its_own_code_reads() -> None:
    read = {
        value
        for provider in (EnvCredentialProvider, OidcStsCredentialProvider, PodIdentityCredentialProvider)
        for name, value in vars(provider).items()
        if isinstance(value, str) and value.startswith(("HUAWEICLOUD_", "HC_"))
    }
    read |= {StsHelper.STS_ENDPOINT_ENV_NAME, IamHelper.IAM_ENDPOINT_ENV_NAME}
    ours = {name for tool in (SDK, POD_IDENTITY) for names in tool.variables.values() for name in names}
    assert ours == read - {"HUAWEICLOUD_SDK_DOMAIN_ID"}  # of global services
    assert {name for name in ours if name.endswith("_FILE")} == FILE_VARIABLES


def test_every_tool_has_an_access_key_and_of_two_names_the_newer_is_first() -> None:
    assert all({"access_key", "secret_key", "security_token", "project_id"} <= set(tool.variables) for tool in TOOLS)
    openstack = TOOLS[2].variables
    assert openstack["project_id"] == ("OS_PROJECT_ID", "OS_TENANT_ID")
    assert openstack["project"] == ("OS_PROJECT_NAME", "OS_TENANT_NAME")
    assert openstack["account"] == ("OS_USER_DOMAIN_NAME", "OS_DOMAIN_NAME")
    assert TOKEN_VARIABLES == ("HW_AUTH_TOKEN", "OS_AUTH_TOKEN", "OS_TOKEN")
