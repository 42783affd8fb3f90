"""The client of one target whose requests and pauses are told to an observer."""

from http import HTTPStatus

from crawler.crawl.observing.events import RequestEnded, TargetThrottled
from crawler.crawl.observing.observer import Observer
from crawler.errors import RequestError
from crawler.swr.error_response import printable
from crawler.swr.http.client import Client
from crawler.swr.request import Request
from crawler.swr.response import Response


class ObservedClient:
    """Sends the requests of one target to its API, and pauses it."""

    def __init__(self, client: Client, target: str, observer: Observer) -> None:
        self._client = client
        self._target = target
        self._observer = observer
        self._clock = client.rate_limiter.clock

    async def get(self, request: Request) -> Response:
        """Return the response, whatever its status. Raises what `Client.get` raises."""
        began_s = self._clock.now_s()
        try:
            response = await self._client.get(request)
        except RequestError as error:
            details = error.details
            self._tell(request, details.status, details.request_id, 0, began_s)
            raise
        status = response.status
        # Nobody asks about the id of a page, and to mask it takes 10 us.
        request_id = "" if status < HTTPStatus.BAD_REQUEST else _request_id(response)
        self._tell(request, status, request_id, len(response.body), began_s)
        return response

    def pause_for(self, duration_s: float) -> None:
        """Let no request of the target go out for `duration_s` seconds."""
        limiter = self._client.rate_limiter
        limiter.pause_for(duration_s)
        self._observer.on_throttle(TargetThrottled(self._target, duration_s, limiter.throttled_s))

    def _tell(self, request: Request, status: int, request_id: str, body_bytes: int, began_s: float) -> None:
        elapsed_s = self._clock.now_s() - began_s
        self._observer.on_request(RequestEnded(self._target, request, status, request_id, body_bytes, elapsed_s))


def _request_id(response: Response) -> str:
    return printable(response.headers.get("X-Request-Id", ""), response.mask)
