"""The fields by which a workload proves who it is: no settings, but variables and files of the SDK have them (pure).

Source: docs/reference/swr-api.md#oidc-exchange (bounds), #pod-identity (the URL), #sdk-environment.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from crawler.config.settings.kinds import Integer, Kind, Text
from crawler.config.settings.names import printable
from crawler.config.settings.origin import is_link_local, is_loopback, origin

_MAX_URN_LENGTH: Final = 1500  # characters
_MAX_URL_LENGTH: Final = 2000  # characters; an agent's has some dozens
# Without user, query and fragment, which would be repeated in messages; the origin before it is read by `origin`.
_PATH: Final = re.compile(r"(?:/[A-Za-z0-9._~!$&'()+,;=:@%/-]*)?")


def _urn(text: str) -> str | None:
    return text if printable(text) and len(text) <= _MAX_URN_LENGTH else None


def _header(text: str) -> str | None:
    return text if text.isascii() and printable(text) and text == text.strip() else None


def _utf8(text: str) -> str | None:
    """Return `text` if it has bytes: Python keeps those of a variable that are not UTF-8 as lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return None
    return text


def _ids(text: str) -> str | None:
    """Return ids between commas, without spaces around them."""
    return printable(",".join(one.strip() for one in text.split(",") if one.strip()))


def agent_url(text: str) -> str | None:
    """Return the URL of a pod identity agent if the token of the pod may be sent there, else None.

    By plain http it may only go to this machine, or to an address that routers do not forward, as the agent on a node
    has one: any other host between could take the keys of the agency. Names are not resolved.
    """
    if len(text) > _MAX_URL_LENGTH or not text.isascii() or not text.isprintable():
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    host = origin(f"{parts.scheme}://{parts.netloc}") if parts.scheme and parts.netloc else None
    if host is None or f"{parts.scheme}://{parts.netloc}{parts.path}" != text or not _PATH.fullmatch(parts.path):
        return None
    is_near = is_loopback(host) or is_link_local(host)
    return host + (parts.path or "/") if host.startswith("https:") or is_near else None


WORKLOAD_KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "provider_urn": Text(f"a URN: up to {_MAX_URN_LENGTH} printable characters", _urn),
        "agency_urn": Text(f"a URN: up to {_MAX_URN_LENGTH} printable characters", _urn),
        "session_name": Text("printable characters", printable),
        "session_duration_s": Integer(900, 43_200),
        "session_policy": Text("UTF-8 text", _utf8, sensitive=True),
        "session_policy_ids": Text("ids between commas", _ids),
        "idp_id": Text("printable ASCII characters", _header),
        "pod_url": Text(
            "the URL of an agent: https://host/path, or http:// to this machine or a link-local address such as"
            " 169.254.0.1, without user, query and fragment",
            agent_url,
            sensitive=True,
        ),
    }
)
# The secrets among the fields: identity tokens.
WORKLOAD_SECRETS: Final = ("id_token", "idp_token", "pod_token")
# What each method cannot do without.
OIDC_FIELDS: Final = ("provider_urn", "agency_urn", "id_token")
IDP_FIELDS: Final = ("idp_id", "idp_token")
POD_FIELDS: Final = ("pod_url", "pod_token")
