"""The other tools whose credentials are used, in their order: their variables, and how they act for another (pure).

The SDK has more fields than the others: those of a workload (`crawler.config.credentials.tools.workload`).

Source: docs/reference/swr-api.md#sdk-environment, #terraform-environment, #openstack-environment,
#custodian-environment (names).
"""

from typing import Final, NamedTuple

from crawler.config.credentials.tools.assumed_identity import OPENSTACK_RULES, TERRAFORM_RULES, IdentityRule

# The official SDK's, for its credentials file, too.
IAM_ENDPOINT_VARIABLE: Final = "HUAWEICLOUD_SDK_IAM_ENDPOINT"

# Of several variables for a field the first that is set counts.
_VARIABLES: Final = """
field               official SDK                    Terraform          OpenStack clients       Cloud Custodian
token               -                               HW_AUTH_TOKEN      OS_AUTH_TOKEN           -
token               -                               -                  OS_TOKEN                -
access_key          HUAWEICLOUD_SDK_AK              HW_ACCESS_KEY      OS_ACCESS_KEY           HUAWEI_ACCESS_KEY_ID
secret_key          HUAWEICLOUD_SDK_SK              HW_SECRET_KEY      OS_SECRET_KEY           HUAWEI_SECRET_ACCESS_KEY
security_token      HUAWEICLOUD_SDK_SECURITY_TOKEN  HW_SECURITY_TOKEN  OS_SECURITY_TOKEN       HUAWEI_SECURITY_TOKEN
user                -                               HW_USER_NAME       OS_USERNAME             -
user_id             -                               HW_USER_ID         OS_USER_ID              -
password            -                               HW_USER_PASSWORD   OS_PASSWORD             -
account             -                               HW_DOMAIN_NAME     OS_USER_DOMAIN_NAME     -
account             -                               -                  OS_DOMAIN_NAME          -
account_id          -                               HW_DOMAIN_ID       OS_USER_DOMAIN_ID       -
account_id          -                               -                  OS_DOMAIN_ID            -
project_id          HUAWEICLOUD_SDK_PROJECT_ID      HW_PROJECT_ID      OS_PROJECT_ID           HUAWEI_PROJECT_ID
project_id          -                               -                  OS_TENANT_ID            -
project             -                               HW_PROJECT_NAME    OS_PROJECT_NAME         -
project             -                               -                  OS_TENANT_NAME          -
project_account     -                               -                  OS_PROJECT_DOMAIN_NAME  -
project_account_id  -                               -                  OS_PROJECT_DOMAIN_ID    -
iam_endpoint        -                               HW_AUTH_URL        OS_AUTH_URL             -
"""
_ROWS: Final = [line.split() for line in _VARIABLES.splitlines()[2:]]
_SDK_WORKLOAD: Final = {
    "provider_urn": ("HUAWEICLOUD_OIDC_PROVIDER_URN",),
    "agency_urn": ("HUAWEICLOUD_OIDC_AGENCY_URN",),
    "id_token": ("HUAWEICLOUD_OIDC_ID_TOKEN", "HUAWEICLOUD_OIDC_TOKEN_FILE"),
    "session_name": ("HUAWEICLOUD_OIDC_SESSION_NAME",),
    "session_duration_s": ("HUAWEICLOUD_OIDC_DURATION_SECONDS",),
    "session_policy": ("HUAWEICLOUD_OIDC_POLICY",),
    "session_policy_ids": ("HUAWEICLOUD_OIDC_POLICY_IDS",),
    "sts_endpoint": ("HUAWEICLOUD_SDK_STS_ENDPOINT",),
    "idp_id": ("HUAWEICLOUD_SDK_IDP_ID",),
    "idp_token": ("HUAWEICLOUD_SDK_ID_TOKEN_FILE",),
    "iam_endpoint": (IAM_ENDPOINT_VARIABLE,),
}
# What these hold is the path of the file that has the secret.
FILE_VARIABLES: Final = frozenset(
    ("HUAWEICLOUD_OIDC_TOKEN_FILE", "HUAWEICLOUD_SDK_ID_TOKEN_FILE", "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE")
)


class Tool(NamedTuple):
    """The variables of a tool by the field they stand for, and the `rules` by which it acts for somebody else."""

    variables: dict[str, tuple[str, ...]]
    rules: tuple[IdentityRule, ...]


def _tool(column: int, rules: tuple[IdentityRule, ...]) -> Tool:
    variables: dict[str, tuple[str, ...]] = {}
    for row in _ROWS:
        if row[column] != "-":
            variables[row[0]] = (*variables.get(row[0], ()), row[column])
    return Tool(variables, rules)


SDK: Final = Tool(_tool(1, ()).variables | _SDK_WORKLOAD, ())
TERRAFORM: Final = _tool(2, TERRAFORM_RULES)
OPENSTACK: Final = _tool(3, OPENSTACK_RULES)
CUSTODIAN: Final = _tool(4, ())
TOOLS: Final = (SDK, TERRAFORM, OPENSTACK, CUSTODIAN)
# CCE sets the variables in a pod whose service account is associated with an agency.
POD_IDENTITY: Final = Tool(
    {
        "pod_url": ("HC_CONTAINER_CREDENTIALS_FULL_URI",),
        "pod_token": ("HC_CONTAINER_AUTHORIZATION_TOKEN_FILE",),
        "project_id": SDK.variables["project_id"],
    },
    (),
)
# The variables of all tools for a token: the default of the setting `token`.
TOKEN_VARIABLES: Final = tuple(name for tool in TOOLS for name in tool.variables.get("token", ()))
