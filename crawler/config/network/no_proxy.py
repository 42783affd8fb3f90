"""The rules of NO_PROXY, those of curl and the ports that others have: which hosts are asked directly (pure).

    *                       every host; only if it is all there is
    example.com             this host, and every host whose name ends in .example.com; so do .example.com, *.example.com
    10.0.0.1, [::1], ::1    this address; names are not resolved
    10.0.0.0/8, fd00::/8    every address of the network
    example.com:8443        with one of the above: only with this port

Commas or spaces separate rules. Capital letters and a dot at the end make no difference.

Source: docs/how-to/company-network.md; curl 8, lib/noproxy.c; Go, golang.org/x/net/http/httpproxy (ports).
"""

import ipaddress
import re
from collections.abc import Iterator
from typing import Final, NamedTuple, TypeAlias

_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
_EVERY: Final = "*"


class _Rule(NamedTuple):
    """A name, an address or a network, and the only port that it holds for, None for any."""

    host: str
    port: int | None


def is_excluded(host: str, port: int, no_proxy: str) -> bool:
    """Return whether `host`, a name or an address without brackets, is asked directly at `port` by these rules."""
    if no_proxy.strip() == _EVERY:
        return True
    name, address = host.lower().removesuffix("."), _address(host)
    return any(
        rule.port in {None, port} and (_is_in(address, rule.host) if address else _is_below(name, rule.host))
        for rule in _rules(no_proxy)
    )


def _rules(no_proxy: str) -> Iterator[_Rule]:
    for word in re.split(r"[,\s]+", no_proxy):
        with_port = re.fullmatch(r"(\[[^\]]*\]|[^:]*):([0-9]{1,5})", word)
        host, port = (with_port[1], int(with_port[2])) if with_port else (word, None)
        if host.strip("[]."):
            yield _Rule(host.replace("[", "").replace("]", ""), port)


def _is_below(name: str, rule: str) -> bool:
    """Return whether a name is that of the rule, or ends in it after a dot."""
    domain = rule.lower().removeprefix("*").removeprefix(".").removesuffix(".")
    return bool(domain) and (name == domain or name.endswith(f".{domain}"))


def _is_in(address: _Address, rule: str) -> bool:
    """Return whether an address is that of the rule, or in its network."""
    try:
        return address in ipaddress.ip_network(rule, strict=False)
    except ValueError:
        return False


def _address(host: str) -> _Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
