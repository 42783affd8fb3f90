"""Names of regions, and the endpoints of their API, of their IAM and of their STS.

Only a region in the list has an endpoint: credentials must not go to a host that is derived from an unknown name. A
region whose endpoint is configured need not be in the list.

Source: docs/reference/swr-api.md#region-endpoints, #iam-endpoints, #sts-endpoints,
#open-telekom-cloud.
"""

import re
from typing import Final

_HUAWEI: Final = (
    *("ae-ad-1", "af-north-1", "af-south-1"),
    *("ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5"),
    *("cn-east-2", "cn-east-3", "cn-east-4", "cn-east-5"),
    *("cn-north-1", "cn-north-2", "cn-north-4", "cn-north-9", "cn-north-11", "cn-north-12"),
    *("cn-south-1", "cn-south-2", "cn-south-4", "cn-southwest-2", "cn-southwest-3"),
    *("eu-west-0", "eu-west-101"),
    *("la-north-2", "la-south-2", "me-east-1", "my-kualalumpur-1", "na-mexico-1"),
    *("ru-moscow-1", "ru-northwest-2", "sa-brazil-1", "sa-peru-1", "tr-west-1"),
)
_TELEKOM: Final = ("eu-de", "eu-nl")
_DOMAINS: Final = (
    dict.fromkeys(_HUAWEI, "myhuaweicloud.com")
    | {"eu-west-101": "myhuaweicloud.eu"}
    | dict.fromkeys(_TELEKOM, "otc.t-systems.com")
)
REGIONS: Final = tuple(_DOMAINS)
# The regions whose STS the official client knows. It asks that of cn-north-4 for all others, which ours does not: an
# identity token goes to no other region than that of the target.
_STS: Final = frozenset(
    (
        *("cn-north-4", "cn-south-1", "cn-east-3", "cn-southwest-2", "af-south-1", "sa-brazil-1", "la-south-2"),
        *("ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "tr-west-1"),
    )
)


def region(text: str) -> str | None:
    """Return `text` if it can name a region, known or not, else None: words of a-z 0-9 between hyphens."""
    return text if re.fullmatch(r"(?=.{1,64}\Z)[a-z][a-z0-9]*(?:-[a-z0-9]+)+", text) else None


def endpoint_of(name: str) -> str | None:
    """Return the origin of a region's API, None for a region that is not in the list."""
    return f"https://swr-api.{name}.{_DOMAINS[name]}" if name in _DOMAINS else None


def iam_endpoint_of(name: str) -> str | None:
    """Return the origin of the IAM service of a region, None for a region that is not in the list."""
    return f"https://iam.{name}.{_DOMAINS[name]}" if name in _DOMAINS else None


def sts_endpoint_of(name: str) -> str | None:
    """Return the origin of the Security Token Service of a region, None for a region without a known one."""
    return f"https://sts.{name}.{_DOMAINS[name]}" if name in _STS else None


def region_of(endpoint: str) -> str | None:
    """Return the region whose API is at the origin `endpoint`, None for any other origin."""
    return next((name for name in REGIONS if endpoint_of(name) == endpoint), None)
