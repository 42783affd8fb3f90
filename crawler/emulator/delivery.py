"""Sends a response as its `Delivery` says, if that is not immediately and complete."""

import asyncio
import socket
import struct
from collections.abc import Mapping
from contextlib import suppress

from aiohttp import HttpVersion11, web

from crawler.emulator.http.response import ServedResponse

__all__ = ["deliver"]

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
