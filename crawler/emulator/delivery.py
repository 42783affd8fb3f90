"""How an answer leaves when that is not at once and whole: what a `Delivery` says, done to the connection."""

import asyncio
import socket
import struct
from collections.abc import Mapping
from contextlib import suppress

from aiohttp import HttpVersion11, web

from crawler.emulator.http.response import ServedResponse

__all__ = ["deliver"]

_BLANKS = b" " * 2**16
_GLANCE_S = 0.02  # how often a connection that is held is looked at: nothing tells when its client goes
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER on, for no time: closing sends RST and drops what is unsent


async def deliver(
    request: web.BaseRequest, answer: ServedResponse, headers: Mapping[str, str], ending: asyncio.Event
) -> web.StreamResponse:
    """Send `answer` as its delivery says, and give back what aiohttp is to finish.

    What has no end of its own ends when the client goes or when `ending` is set. A 204 has no body to send.
    """
    delivery = answer.delivery
    if answer.status == 204:  # noqa: PLR2004 - HTTP's
        return web.Response(status=answer.status, headers=headers)
    response = web.StreamResponse(status=answer.status, headers=headers)
    if delivery.chunked and request.version >= HttpVersion11:
        response.enable_chunked_encoding()
    elif delivery.chunked:
        response.force_close()  # an older client knows the end by that alone
    else:
        response.content_length = max(0, len(answer.body) + delivery.excess)
    try:
        if delivery.share is not None:
            await response.prepare(request)
            await _send(request, response, answer, delivery.share)
        await _follow(request, response, answer, ending)
    except ConnectionError:
        pass  # the client went; aiohttp finds out by itself
    return response


async def _send(request: web.BaseRequest, response: web.StreamResponse, answer: ServedResponse, share: float) -> None:
    body = answer.body[: int(len(answer.body) * share)]
    promised = len(body) if response.content_length is None else response.content_length
    size = answer.delivery.piece_bytes or max(1, promised)
    for start in range(0, min(promised, len(body)), size):
        if answer.delivery.pause_ms:
            await asyncio.sleep(answer.delivery.pause_ms / 1000)
        await response.write(body[start : min(start + size, promised)])
    if body[promised:] and request.transport is not None:
        request.transport.write(body[promised:])  # aiohttp sends no more than it promised


async def _follow(
    request: web.BaseRequest, response: web.StreamResponse, answer: ServedResponse, ending: asyncio.Event
) -> None:
    then, transport = answer.delivery.then, request.transport
    if then == "end" or transport is None:
        return
    while then == "blanks" and not ending.is_set():
        await response.write(_BLANKS)
    while then == "hold" and not (ending.is_set() or transport.is_closing()):
        with suppress(TimeoutError):
            await asyncio.wait_for(ending.wait(), _GLANCE_S)
    if then == "close":
        transport.close()
        return
    if then == "reset":
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    transport.abort()
