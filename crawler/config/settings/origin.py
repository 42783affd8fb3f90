"""Origins, `scheme://host[:port]`: their one normal form, and the networks they are in.

Source: docs/reference/swr-api.md#sdk-endpoint-override (https when no scheme is given); RFC 1035, 2.3.4 (DNS names).
"""

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

_MAX_HOST_LENGTH = 253  # characters of a DNS name (RFC 1035, 2.3.4, without the length octets)


def origin(text: str) -> str | None:
    """Return the origin that `text` names as scheme://host[:port], else None.

    The normal form is lowercase, without a default port; the scheme is https when `text` has none. An origin has no
    user, query or fragment, and no path but `/`: text with one of them has no normal form.
    """
    # urlsplit drops tabs and newlines without an error, and accepts a backslash as a part of the host.
    if re.search(r"[^!-~]|[\\@?#]", text):
        return None
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        port = parts.port
    except ValueError:
        return None
    host = _host(parts.netloc)
    default_port = {"http": 80, "https": 443}.get(parts.scheme)
    if host is None or default_port is None or parts.path not in {"", "/"} or port == 0:
        return None
    return f"{parts.scheme}://{host}" + ("" if port in {None, default_port} else f":{port}")


NO_PROXY_WORD: Final = "none"  # as the value of the setting `proxy`


def proxy_origin(text: str) -> str | None:
    """Return the `origin` of a proxy, or the word that stands for going without one; else None.

    The scheme is http when `text` has none, as curl reads it.
    """
    return text if text == NO_PROXY_WORD else origin(text if "://" in text else f"http://{text}")


def is_loopback(endpoint: str) -> bool:
    """Return whether an `origin` stays on this machine: localhost, 127.0.0.0/8 or ::1. Names are not resolved."""
    host = urlsplit(endpoint).hostname or ""
    address = _address(host)
    return host == "localhost" if address is None else address.is_loopback


def is_link_local(endpoint: str) -> bool:
    """Return whether an `origin` is an address that routers do not forward: 169.254.0.0/16 or fe80::/10."""
    address = _address(urlsplit(endpoint).hostname or "")
    return address is not None and address.is_link_local


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return a host that is an address; of ::ffff:127.0.0.1 the IPv4 one, as no Python before 3.13 does by itself."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _host(netloc: str) -> str | None:
    """Return the normal form of the host in `host[:port]`, None when it is neither a name nor an address."""
    split = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::[0-9]+)?", netloc)
    if split is None:
        return None
    ipv6, name = split.groups()
    try:
        return f"[{_ipv6(ipv6)}]" if ipv6 else str(ipaddress.IPv4Address(name))
    except ValueError:
        return None if ipv6 else _dns_name(name.lower())


def _ipv6(text: str) -> str:
    """Return the normal form of an IPv6 address, the same on every Python. Raises ValueError."""
    address = ipaddress.IPv6Address(text)
    return str(address) if address.ipv4_mapped is None else f"::ffff:{address.ipv4_mapped}"


def _dns_name(name: str) -> str | None:
    """Return `name` if it is a DNS name, else None.

    Underscores are accepted, because container networks use them. A last label of digits is not: resolvers read
    such a name as an address (`127.1`), and not all of them as the same one.
    """
    labels = name.split(".") if len(name) <= _MAX_HOST_LENGTH else [""]
    valid = all(re.fullmatch(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", label) for label in labels)
    return name if valid and not re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1]) else None
