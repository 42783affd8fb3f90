"""What the public proxy of the tests loads (tests/support/public_proxy.py): names of its own, and a line a request."""

import logging

from proxy.common.types import HostPort
from proxy.http.parser import HttpParser
from proxy.http.proxy import HttpProxyBasePlugin

from tests.support.public_proxy import PASSED_ON


class NamesOfTests(HttpProxyBasePlugin):
    """Resolves names that end in .test to 127.0.0.1, and logs each request that is passed on."""

    def resolve_dns(self, host: str, port: int) -> tuple[str | None, HostPort | None]:  # noqa: ARG002 - the name is of the base class
        """Return the address of a host, None for one that the system is to resolve, and the default source."""
        return ("127.0.0.1" if host.endswith(".test") else None), None

    def handle_client_request(self, request: HttpParser) -> HttpParser | None:
        """Log a request, also one that follows another on the same connection, and pass it on."""
        method, host = (part.decode() for part in (request.method or b"", request.host or b""))
        logging.getLogger(__name__).info("%s%s %s %s", PASSED_ON, request.port, method, host)
        return request
