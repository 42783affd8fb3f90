"""Environment variables that are not the variable of one setting.

Source: docs/reference/swr-api.md#terraform-environment, #openstack-environment, #sdk-environment (names of others).
"""

from typing import Final

PREFIX: Final = "SWR_CRAWLER_"
# The command line reads the file, so that this variable belongs to no setting.
CONFIG_VARIABLE: Final = "SWR_CRAWLER_CONFIG"
# The crawler's own variable first, then those that users of Terraform and of the OpenStack clients already have.
TOKEN_VARIABLES: Final = ("SWR_CRAWLER_TOKEN", "HW_AUTH_TOKEN", "OS_AUTH_TOKEN", "OS_TOKEN")
# The official SDK's variable for its credentials file.
CREDENTIALS_FILE_VARIABLE: Final = "HUAWEICLOUD_SDK_CREDENTIALS_FILE"
