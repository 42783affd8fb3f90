"""Sends a response as its `Delivery` says, if that is not immediately and complete."""

import asyncio
import socket
import struct
from collections.abc import Iterator, Mapping
from contextlib import suppress
from http import HTTPStatus
from weakref import WeakKeyDictionary

from aiohttp import HttpVersion11, web

from crawler.emulator.http.response import ServedResponse

__all__ = ["LateCopies", "deliver"]

_SPACES = b" " * 2**16
_POLL_S = 0.02  # how often a held connection is checked: no event says that its client closed it
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER with a timeout of 0: closing sends RST and drops unsent bytes


async def deliver(
    request: web.BaseRequest, response: ServedResponse, headers: Mapping[str, str], closing: asyncio.Event
) -> web.StreamResponse:
    """Send `response` as its delivery says, and return what aiohttp finishes.

    A delivery without an end stops when the client closes the connection or `closing` is set. A 204 has no body to
    send.
    """
    delivery = response.delivery
    if response.status == 204:  # noqa: PLR2004 - HTTP's
        return web.Response(status=response.status, headers=headers)
    stream = web.StreamResponse(status=response.status, headers=headers)
    if delivery.chunked and request.version >= HttpVersion11:
        stream.enable_chunked_encoding()
    elif delivery.chunked:
        stream.force_close()  # an HTTP/1.0 client recognises the end by that alone
    else:
        stream.content_length = max(0, len(response.body) + delivery.excess)
    try:
        if delivery.share is not None:
            await stream.prepare(request)
            await _send_share(request, stream, response, delivery.share)
        elif delivery.head_only and request.transport is not None:
            framing = {"Transfer-Encoding": "chunked"} if delivery.head_only == "chunked" else {"Connection": "close"}
            request.transport.write(_head(response.status, {**headers, **framing}))
        await _finish(request, stream, response, closing)
    except ConnectionError:
        pass  # the client closed the connection; aiohttp notices by itself
    return stream


async def _send_share(
    request: web.BaseRequest, stream: web.StreamResponse, response: ServedResponse, share: float
) -> None:
    body = response.body[: int(len(response.body) * share)]
    declared = len(body) if stream.content_length is None else stream.content_length
    size = response.delivery.piece_bytes or max(1, declared)
    for start in range(0, min(declared, len(body)), size):
        if response.delivery.pause_ms:
            await asyncio.sleep(response.delivery.pause_ms / 1000)
        await stream.write(body[start : min(start + size, declared)])
    if body[declared:] and request.transport is not None:
        request.transport.write(body[declared:])  # aiohttp sends no more than the declared length


async def _finish(
    request: web.BaseRequest, stream: web.StreamResponse, response: ServedResponse, closing: asyncio.Event
) -> None:
    then, transport = response.delivery.then, request.transport
    if then == "end" or transport is None:
        return
    while then == "spaces" and not closing.is_set():
        await stream.write(_SPACES)
    while then == "hold" and not (closing.is_set() or transport.is_closing()):
        with suppress(TimeoutError):
            await asyncio.wait_for(closing.wait(), _POLL_S)
    if then == "close":
        transport.close()
        return
    if then == "reset":
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    transport.abort()


class LateCopies:
    """Responses that are sent a second time, each when the next request arrives on its connection."""

    def __init__(self) -> None:
        self._copies: WeakKeyDictionary[asyncio.BaseTransport, bytes] = WeakKeyDictionary()

    def keep(self, request: web.BaseRequest, response: ServedResponse, headers: Mapping[str, str]) -> None:
        """Keep a copy of the response to `request`."""
        if request.transport is not None:
            length = {} if response.status == HTTPStatus.NO_CONTENT else {"Content-Length": str(len(response.body))}
            self._copies[request.transport] = _head(response.status, {**headers, **length}) + response.body

    def send(self, request: web.BaseRequest) -> None:
        """Send the copy that was kept of the response before `request`, if there is one."""
        transport = request.transport
        if transport is not None and (copy := self._copies.pop(transport, None)) is not None:
            transport.write(copy)


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    return "".join(_lines(status, headers)).encode("latin-1")


def _lines(status: int, headers: Mapping[str, str]) -> Iterator[str]:
    yield f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
    yield from (f"{name}: {value}\r\n" for name, value in headers.items())
    yield "\r\n"
