"""What the pages say in place of a reader's own service and credentials, and what runs instead (pure)."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from crawler.emulator.auth.identity import Identity

PORTS: Final = ("8400", "8401")  # what the pages show for emulators that they start themselves

_VALUE: Final = r"""=(?!["']?\$)("[^"]*"|'[^']*'|[^\s"']+)"""  # but not one that the shell computes

# A pattern of what a page says, and what runs. {names} are the emulator's: its endpoint, its credentials, and the ports
# of the emulators that the page starts.
PLACEHOLDERS: Final[tuple[tuple[str, str], ...]] = (
    (r"--region[ =]eu-de\b", "--endpoint {endpoint}"),
    (r"\bSWR_CRAWLER_REGION=eu-de\b", "SWR_CRAWLER_ENDPOINT={endpoint}"),
    (r'\bregion = "eu-de"', 'endpoint = "{endpoint}"'),
    (r"https://HOST\b", "{endpoint}"),
    *((rf"\b127\.0\.0\.1:{port}\b", f"127.0.0.1:{{{port}}}") for port in PORTS),
    *((rf"--port[ =]{port}\b", f"--port {{{port}}}") for port in PORTS),
    (rf"\b(SWR_CRAWLER_TOKEN|HW_AUTH_TOKEN|OS_AUTH_TOKEN|OS_TOKEN){_VALUE}", r"\1={token}"),
    (rf"\b(HUAWEICLOUD_SDK_AK|HW_ACCESS_KEY|HUAWEI_ACCESS_KEY_ID|SWR_CRAWLER_ACCESS_KEY){_VALUE}", r"\1={ak}"),
    (rf"\b(HUAWEICLOUD_SDK_SK|HW_SECRET_KEY|HUAWEI_SECRET_ACCESS_KEY|SWR_CRAWLER_SECRET_KEY){_VALUE}", r"\1={sk}"),
    (rf"\b(HUAWEICLOUD_SDK_PROJECT_ID|HW_PROJECT_ID|OS_PROJECT_ID|SWR_CRAWLER_PROJECT_ID){_VALUE}", r"\1={project_id}"),
    (rf"\b(OS_PROJECT_NAME|HW_PROJECT_NAME|SWR_CRAWLER_PROJECT){_VALUE}", r"\1={project_name}"),
    (rf"\b(OS_USERNAME|HW_USER_NAME|SWR_CRAWLER_USER){_VALUE}", r"\1={user}"),
    (rf"\b(OS_USER_DOMAIN_NAME|OS_DOMAIN_NAME|HW_DOMAIN_NAME|SWR_CRAWLER_ACCOUNT){_VALUE}", r"\1={domain}"),
    # The emulator grants tokens too; a region would have named the IAM that does.
    (
        rf"\b(OS_PASSWORD|HW_USER_PASSWORD|SWR_CRAWLER_PASSWORD){_VALUE}",
        r"\1={password} SWR_CRAWLER_IAM_ENDPOINT={endpoint}",
    ),
    (r"(?m)^ak = .*$", "ak = {ak}"),
    (r"(?m)^sk = .*$", "sk = {sk}"),
)
# Commands that send no request keep what the page says, so that their output is what the reader sees.
_SENDS_NOTHING: Final = re.compile(r"\s*swr-crawler config show\b")


def values(endpoint: str, ports: Sequence[int]) -> dict[str, str]:
    """Return what the {names} of the table stand for; `ports` are free ones, one for each of PORTS."""
    served = Identity()
    names = ("token", "ak", "sk", "project_id", "project_name", "user", "password", "domain")
    credentials = {name: getattr(served, name) for name in names}
    return {"endpoint": endpoint, **dict(zip(PORTS, map(str, ports), strict=True)), **credentials}


def substituted(text: str, values: Mapping[str, str]) -> str:
    """Return what runs for the text of a page."""
    if _SENDS_NOTHING.match(text):
        return text
    for pattern, replacement in PLACEHOLDERS:
        for name, value in values.items():
            replacement = replacement.replace(f"{{{name}}}", value)  # noqa: PLW2901 - filled in step by step
        text = re.sub(pattern, replacement, text)
    return text
