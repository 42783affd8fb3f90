"""Asks a target which namespaces it has.

Source: docs/reference/swr-api.md#list-namespaces (one response lists all of them), #visible-namespaces.
"""

import json
from heapq import nsmallest
from random import Random
from typing import Any, Final, NamedTuple

import anyio.to_thread

from crawler.crawl.ending.refused_target import error_of
from crawler.crawl.observing.events import DiscoveryRetried, InvalidNamespaces
from crawler.crawl.observing.observed_client import ObservedClient
from crawler.crawl.observing.observer import Observer
from crawler.crawl.planning.long_wait import explain_long_wait
from crawler.errors import (
    ConfigError,
    CrawlerError,
    CredentialsError,
    RequestError,
    RouteError,
    TransientError,
    UnauthorizedError,
    UnavailableError,
)
from crawler.model.clock import Clock
from crawler.model.namespace import namespace as valid_namespace
from crawler.swr.auth.refusal import explain_refusal
from crawler.swr.decode.bounds import MAX_ELEMENTS, SMALL_BYTES, has_many_elements
from crawler.swr.error_response import error_details, error_from_response, printable
from crawler.swr.http.client import Client
from crawler.swr.request import NamespacesRequest
from crawler.swr.response import Response
from crawler.walk.retry_policy import Decision, Renegotiate, RetryAfter, RetryLimits, Tries, decide

_OK: Final = 200
# Of 100 000 namespaces. While the elements of a body are counted and decoded, no other thread runs.
_MAX_BYTES: Final = 16 * 2**20
_MOST_SHOWN: Final = 10  # names in an event: a list may have any number of them, of any length


class _Names(NamedTuple):
    """The names of a list: the valid ones, sorted, and how many are `invalid`, of which the first are `shown`.

    The service refuses a request for an invalid name; its records are missing in the coverage of the center.
    """

    valid: tuple[str, ...]
    invalid: int
    shown: tuple[str, ...]


async def discover(
    client: Client, target: str, *, visible: bool, limits: RetryLimits, clock: Clock, observer: Observer
) -> tuple[str, ...]:
    """Return the names of the target's namespaces, sorted: the plan must not depend on the order of the response.

    With `visible` also those that the account sees only through a repository. Raises CredentialsError when the
    credentials are refused twice, some time apart, UnavailableError when as many requests as `limits` allow got no
    usable answer, ConfigError when the service, or the proxy on the way to it, refuses the request twice.
    """
    chance = Random()  # noqa: S311 - jitter, no secret
    request, observed = NamespacesRequest(visible), ObservedClient(client, target, observer)
    tries = Tries()
    while True:
        tries = tries.sent()
        try:
            names = await _read(await observed.get(request))
        except RequestError as error:
            tries = tries.failed(error)
            decision = decide(error, tries, limits, chance.random())
            if not isinstance(decision, RetryAfter):
                if long_wait := explain_long_wait(error, limits, clock.utc()):
                    raise UnavailableError(f"target {target}: {long_wait}: {error}") from None
                raise _failure(error, decision, target, tries.number, clock) from None
            observer.on_discovery_retry(DiscoveryRetried(target, tries.number, decision.after_s, str(error)))
            if decision.pauses_target:
                observed.pause_for(decision.after_s)
            else:
                await clock.sleep(decision.after_s)
        else:
            if names.invalid:
                observer.on_invalid_namespaces(InvalidNamespaces(target, names.shown, names.invalid))
            return names.valid


def _failure(error: RequestError, decision: Decision, target: str, tries: int, clock: Clock) -> CrawlerError:
    if isinstance(error, UnauthorizedError):
        why = explain_refusal(str(error), error.server_date, clock.utc())
        return CredentialsError(f"target {target}: the service refused the credentials: {error}; {why}")
    if isinstance(error, RouteError):
        return error_of(target, error)
    if isinstance(decision, Renegotiate):
        message = f"target {target}: the service refuses to list its namespaces: {error}; name them in `namespaces`"
        return ConfigError(message, setting="discover")
    where = f"target {target}: no list of its namespaces in {tries} tries"
    return UnavailableError(f"{where}; rerun the command later: {error}")


async def _read(response: Response) -> _Names:
    """Return the names in a response; a large list is read by another thread, while this one goes on."""
    if len(response.body) <= SMALL_BYTES:
        return _names(response)
    return await anyio.to_thread.run_sync(_names, response, abandon_on_cancel=True)


def _names(response: Response) -> _Names:
    if response.status != _OK:
        raise error_from_response(response)
    if excess := _excess(response.body):
        raise TransientError(error_details(response, f"the list of namespaces {excess}"))
    try:
        # Not orjson: it refuses the whole list for half a surrogate pair in one name. Not bytes: `json` would read
        # UTF-16, too, whose elements `has_many_elements` does not count.
        content: Any = json.loads(response.body.decode("utf-8-sig", "surrogatepass"))
        names = {str(entry["name"]) for entry in content["namespaces"]}
    except (ValueError, TypeError, KeyError, RecursionError):
        raise TransientError(error_from_response(response).details) from None
    invalid = {name for name in names if valid_namespace(name) is None}
    shown = tuple(printable(name, response.mask) for name in nsmallest(_MOST_SHOWN, invalid))
    return _Names(tuple(sorted(names - invalid)), len(invalid), shown)


def _excess(body: bytes) -> str:
    """Return which bound a list is beyond, to follow its name, or "" when it may be decoded."""
    if len(body) > _MAX_BYTES:
        return f"is larger than {_MAX_BYTES} bytes"
    return f"holds more than {MAX_ELEMENTS} elements" if has_many_elements(body) else ""
