"""Asks a target which namespaces it has.

Source: FACTS 5, "Namespaces": GET /v2/manage/namespaces gives all of them in one answer.
"""

import json
import logging
from random import Random
from typing import Any, Final

from crawler.errors import (
    ConfigError,
    CredentialsError,
    RequestError,
    TransientError,
    UnauthorizedError,
    UnavailableError,
)
from crawler.model.clock import Clock
from crawler.model.namespace import namespace as valid_namespace
from crawler.swr.auth.refusal import explain_refusal
from crawler.swr.error_response import error_from_response
from crawler.swr.http.client import Client
from crawler.swr.request import NamespacesRequest
from crawler.swr.response import Response
from crawler.walk.retry_policy import backoff_s

log = logging.getLogger(__name__)

_OK: Final = 200


async def discover(client: Client, target: str, *, visible: bool, max_tries: int, clock: Clock) -> tuple[str, ...]:
    """Give the names of the target's namespaces, sorted, so that the plan does not depend on their order there.

    With `visible` also those that are seen only through a repository. Raises CredentialsError, UnavailableError
    when no usable answer came in `max_tries`, ConfigError when the service refuses to tell.
    """
    chance = Random()  # noqa: S311 - jitter, no secret
    query = NamespacesRequest(visible)
    for attempt in range(1, max_tries + 1):
        try:
            return _names(await client.get(query), target)
        except TransientError as error:
            if attempt == max_tries:
                where = f"target {target}: its namespaces could not be asked for in {attempt} tries"
                raise UnavailableError(f"{where}; run the same command later: {error}") from None
            wait_s = backoff_s(attempt, chance.random())
            extra = {"target": target, "attempt": attempt, "wait_s": round(wait_s, 2), "reason": str(error)}
            log.warning("discovery.retry", extra=extra)
            await clock.sleep(wait_s)
        except UnauthorizedError as error:
            why = explain_refusal(str(error), error.server_date, clock.utc())
            raise CredentialsError(f"target {target}: the service refused the credentials: {error}; {why}") from None
        except RequestError as error:
            message = f"target {target}: the service refuses to name its namespaces: {error}; name them in `namespaces`"
            raise ConfigError(message, setting="discover") from None
    raise UnavailableError(f"target {target}: max_tries is 0")


def _names(answer: Response, target: str) -> tuple[str, ...]:
    if answer.status != _OK:
        raise error_from_response(answer)
    try:
        # And not orjson: half a surrogate pair in one name must not cost all the others.
        content: Any = json.loads(answer.body)
        names = {str(entry["name"]) for entry in content["namespaces"]}
    except (ValueError, TypeError, KeyError, RecursionError):
        raise TransientError(error_from_response(answer).details) from None
    odd = sorted(name for name in names if valid_namespace(name) is None)
    if odd:
        # It could not be asked for; what it holds shows as a gap in the coverage.
        log.warning("discovery.odd_name", extra={"target": target, "names": odd})
    return tuple(sorted(names.difference(odd)))
