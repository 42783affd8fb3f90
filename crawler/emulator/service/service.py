"""The service behind the socket: its gateway, its rate cap, its routes and its page cache.

The caller awaits the latency between `refuse` and `respond`, and tells the time.
"""

from crawler.emulator.auth.gateway import refuse_at_gateway
from crawler.emulator.http.cache import PageCache
from crawler.emulator.http.request import SWR_ROUTES, ReceivedRequest
from crawler.emulator.http.response import ServedResponse, error
from crawler.emulator.http.throttle import TokenBucket
from crawler.emulator.service.config import ServiceConfig
from crawler.emulator.service.respond import respond
from crawler.emulator.service.state import EmulatorState


class Service:
    """Answers requests for a `ServiceConfig`.

    Only SWR's own routes have the rate cap and the cache; IAM and the metadata service have neither. A request above
    the cap is throttled with `retry_after_s` in Retry-After, or without the header if that is None.
    """

    def __init__(
        self,
        config: ServiceConfig,
        state: EmulatorState,
        *,
        cache_bytes: int,
        cap: TokenBucket | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        self._config = config
        self._state = state
        # Faults decide for each request, so a cached page would hide them.
        self._cache = PageCache(0 if config.faults else cache_bytes)
        self._cap = cap
        self._throttle_headers = () if retry_after_s is None else (("Retry-After", str(retry_after_s)),)

    def refuse(self, request: ReceivedRequest, arrived_s: float) -> ServedResponse | None:
        """Return the gateway's refusal (401, 403, 404, 429), or None. `arrived_s` is monotonic."""
        refusal = refuse_at_gateway(request, self._config.identity, self._state.access)
        if refusal is not None or self._cap is None or request.path not in SWR_ROUTES or self._cap.take(arrived_s):
            return refusal
        return error(429, request.request_id, self._throttle_headers)

    def respond(self, request: ReceivedRequest, target: str) -> ServedResponse:
        """Return the response to a request that was not refused. `target` is its path and query as received."""
        response = self._cache.get(target)
        if response is None:
            response = respond(request, self._config, self._state)
            if response.status == 200 and request.path in SWR_ROUTES:  # noqa: PLR2004 - HTTP's
                self._cache.put(target, response)
        return response

    def triggered(self) -> list[int]:
        """Return how often each fault triggered, in the order of the faults."""
        return [self._state.triggered[index] for index in range(len(self._config.faults))]

    def void_tokens(self) -> None:
        """Void all tokens issued so far. The token of the settings stays valid."""
        self._state.access.tokens.void()
