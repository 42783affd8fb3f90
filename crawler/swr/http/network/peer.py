"""Looks at the certificate that a connection was refused for: whose it is, who signed it, until when, for which hosts.

Python shows nothing of a certificate that it does not trust. So a second connection is opened for it, without trust and
to send nothing to the host: no request and no token. It ends with the handshake.
"""

import asyncio
import ssl
from contextlib import suppress
from typing import Final

from yarl import URL

from crawler.errors import RequestError
from crawler.swr.error_response import printable
from crawler.swr.http.network.certificates import host_of, verification_error
from crawler.swr.http.network.der import read_certificate
from crawler.swr.http.network.failures import failure_of
from crawler.swr.http.network.proxy import Proxy

_TIMEOUT_S: Final = 5.0
_MOST_HOSTS: Final = 3
_MAX_HEAD_BYTES: Final = 16 * 2**10


async def failure_with_certificate(
    error: BaseException, url: URL, proxy: Proxy | None, seen: dict[str, str], own: str = ""
) -> RequestError:
    """Return the error of a request to `url`, as `failure_of` does, with the certificate that is not trusted.

    `own` tells whose certificate was shown to the other side. `seen` has what was found before, by host: each is looked
    at once.
    """
    host = url.raw_host or ""
    if verification_error(error) is None:
        return failure_of(error, proxy, host, own)
    asked = host_of(error, host)
    if asked not in seen:
        is_proxys = proxy is not None and asked == proxy.host
        way = (URL(proxy.origin), None) if proxy is not None and is_proxys else (url, proxy)
        seen[asked] = await describe_certificate(*way)
    return failure_of(error, proxy, host, seen[asked])


async def describe_certificate(url: URL, proxy: Proxy | None) -> str:
    """Return what the certificate of the host of `url` says, for people; "" when it cannot be seen.

    Behind a proxy that is asked by TLS itself it is not looked at: what is sent there must be trusted first.
    """
    data = b""
    with suppress(OSError, TimeoutError, EOFError, ValueError, asyncio.LimitOverrunError):
        async with asyncio.timeout(_TIMEOUT_S):
            data = await _certificate_of(url, proxy)
    seen = read_certificate(data)
    if seen is None:
        return ""
    hosts = ", ".join(seen.hosts[:_MOST_HOSTS]) + (" …" if len(seen.hosts) > _MOST_HOSTS else "")
    return printable(f"{seen.summary}; for {hosts or 'no host'}", str)


async def _certificate_of(url: URL, proxy: Proxy | None) -> bytes:
    """Return the certificate in DER, b"" without one."""
    host, port = url.raw_host or "", url.port or 443
    if proxy is None:
        _, writer = await asyncio.open_connection(host, port, ssl=_untrusting(), server_hostname=host)
    elif proxy.origin.startswith("https:"):
        return b""
    else:
        way = URL(proxy.origin)
        reader, writer = await asyncio.open_connection(way.raw_host, way.port, limit=_MAX_HEAD_BYTES)
        authority = f"{url.host_subcomponent}:{port}"
        headers = "".join(f"{name}: {value}\r\n" for name, value in {"Host": authority, **proxy.headers}.items())
        writer.write(f"CONNECT {authority} HTTP/1.1\r\n{headers}\r\n".encode("ascii"))
        await reader.readuntil(b"\r\n\r\n")
        await writer.start_tls(_untrusting(), server_hostname=host)
    try:
        return writer.get_extra_info("ssl_object").getpeercert(binary_form=True) or b""
    finally:
        writer.close()


def _untrusting() -> ssl.SSLContext:
    """Return what accepts any certificate, to look at it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
