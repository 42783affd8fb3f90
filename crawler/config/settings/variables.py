"""Environment variables that are not the variable of one setting.

Source: docs/reference/swr-api.md#sdk-environment (the name of the file).
"""

from typing import Final

PREFIX: Final = "SWR_CRAWLER_"
# The command line reads the file, so that this variable belongs to no setting.
CONFIG_VARIABLE: Final = "SWR_CRAWLER_CONFIG"
# The official SDK's variable for its credentials file.
CREDENTIALS_FILE_VARIABLE: Final = "HUAWEICLOUD_SDK_CREDENTIALS_FILE"


def without_newline(value: str) -> str:
    """Return the value of a variable without newlines at its end: one that is made of a mounted file has one."""
    return value.rstrip("\r\n")


# Other programs' variables for the CA certificates that are trusted: requests, curl, OpenStack clients.
CA_VARIABLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "OS_CACERT")
# Those of OpenStack clients for a certificate that a service asks for, and for its key, which is read beside it only.
CLIENT_CERT_VARIABLE: Final = "OS_CERT"
CLIENT_KEY_VARIABLE: Final = "OS_KEY"
