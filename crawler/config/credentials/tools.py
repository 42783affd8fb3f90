"""The other tools whose credentials are used, in their order: their variables, and how they act for another (pure).

Source: docs/reference/swr-api.md#sdk-environment, #terraform-environment, #openstack-environment,
#custodian-environment (names).
"""

from typing import Final, NamedTuple

from crawler.config.credentials.assumed_identity import OPENSTACK_RULES, SDK_RULES, TERRAFORM_RULES, IdentityRule

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


SDK: Final = _tool(1, SDK_RULES)
TERRAFORM: Final = _tool(2, TERRAFORM_RULES)
OPENSTACK: Final = _tool(3, OPENSTACK_RULES)
CUSTODIAN: Final = _tool(4, ())
TOOLS: Final = (SDK, TERRAFORM, OPENSTACK, CUSTODIAN)
# The variables of all tools for a token: the default of the setting `token`.
TOKEN_VARIABLES: Final = tuple(name for tool in TOOLS for name in tool.variables.get("token", ()))
