"""Temporary access keys of an ECS, from the metadata service of the machine that this process runs on, and its id.

Source: docs/reference/swr-api.md#metadata-service, #metadata-handshake, #metadata-timeouts, #machine-id.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from http import HTTPStatus
from typing import Final

import anyio

from crawler.errors import CredentialsError, RequestError, TransientError
from crawler.swr.auth.issuer import Send, can_be_sent, first_text, json_object, raise_for_refusal
from crawler.swr.auth.refreshing_grant import Grant
from crawler.swr.auth.signing import AccessKey
from crawler.swr.auth.temporary_key import TemporaryKeyCredentials
from crawler.swr.response import Response

_TIMEOUT_S: Final = 9.0  # three requests of three seconds, as in the official client (swr-api.md#metadata-timeouts)
_ID_TIMEOUT_S: Final = 3.0  # a machine that answers does so at once; one that doesn't gets no key either
_NO_HANDSHAKE: Final = frozenset({404, 405, 503})  # an older service (swr-api.md#metadata-handshake)


class MetadataCredentials(TemporaryKeyCredentials):
    """A temporary access key of the machine. `endpoint` is an origin; `now` returns the time, with time zone."""

    def __init__(self, endpoint: str, project_id: str | None, send: Send, now: Callable[[], datetime]) -> None:
        super().__init__(project_id, now)
        self._endpoint = endpoint
        self._issuer = _issuer(endpoint)
        self._send = send

    async def _fetch(self) -> Grant[AccessKey]:
        try:
            with anyio.fail_after(_TIMEOUT_S):
                response = await self._request_key()
                if response.status == HTTPStatus.UNAUTHORIZED:  # the handshake's token expired in between
                    response = await self._request_key()
            raise_for_refusal(response, self._issuer, "a temporary key")
        except (TimeoutError, TransientError):
            message = f"{self._issuer} does not respond; if this machine is not an ECS, choose another --auth"
            raise CredentialsError(message) from None
        return self._grant(response, self._issuer, "check that this machine has an agency")

    async def _request_key(self) -> Response:
        headers = await _handshake(self._endpoint, self._send)
        self._secrets.add(*(value for name, value in headers.items() if name == "X-Metadata-Token"))
        return await self._send("GET", f"{self._endpoint}/openstack/latest/securitykey", headers)


async def machine_id(endpoint: str, send: Send) -> str:
    """Return the id of the machine that the metadata service at `endpoint` serves, "" when it does not tell."""
    with anyio.move_on_after(_ID_TIMEOUT_S), suppress(CredentialsError, RequestError):
        headers = await _handshake(endpoint, send)
        response = await send("GET", f"{endpoint}/openstack/latest/meta_data.json", headers)
        if response.status == HTTPStatus.OK:
            return first_text(json_object(response.body), "uuid")
    return ""


async def _handshake(endpoint: str, send: Send) -> dict[str, str]:
    """Return the headers of a request to the metadata service; an older service needs none."""
    headers = {"X-Metadata-Token-Ttl-Seconds": "21600"}
    response = await send("PUT", f"{endpoint}/meta-data/latest/api/token", headers)
    if response.status in _NO_HANDSHAKE:
        return {}
    raise_for_refusal(response, _issuer(endpoint), "a session token")
    token = response.body.decode(errors="replace").strip()
    if not can_be_sent(token):
        raise CredentialsError(f"{_issuer(endpoint)} returned no session token; check that this machine is an ECS")
    return {"X-Metadata-Token": token}


def _issuer(endpoint: str) -> str:
    return f"the metadata service at {endpoint}"
