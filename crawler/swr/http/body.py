"""The body of a response, read within bounds of memory and without its content encoding.

Source: docs/reference/swr-api.md#compressed-bodies.
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

import aiohttp
import anyio.to_thread

from crawler.errors import ErrorDetails, RefusedError, SizeRefusedError, TransientError
from crawler.swr.content_encoding import BodyTooLargeError, BrokenCodingError, UnknownCodingError, decoded
from crawler.swr.error_response import printable
from crawler.swr.http.buffer_budget import BufferBudget
from crawler.text.redaction import Mask

# A page of usual size; a body that decompresses to more is decompressed by another thread, while this one goes on.
_INLINE_BYTES: Final = 2**20


def details_of(response: aiohttp.ClientResponse, text: str, mask: Mask) -> ErrorDetails:
    """Return error details with the status and the request id of a response; `text` is the message.

    `mask` is that of `Response`.
    """
    request_id = printable(response.headers.get("X-Request-Id", ""), mask)
    return ErrorDetails(status=response.status, text=printable(text, mask), request_id=request_id)


class BodyReader:
    """Reads bodies of at most `max_body_bytes`, compressed or not. All clients of a process share one `budget`."""

    def __init__(self, max_body_bytes: int, budget: BufferBudget) -> None:
        self._max_body_bytes = max_body_bytes
        self._budget = budget

    async def read(self, response: aiohttp.ClientResponse, mask: Mask) -> bytes:
        """Return the body, decompressed; of an error response in an unreadable encoding an empty one.

        `mask` is that of `Response`, for what an error says.

        Raises SizeRefusedError for a body beyond the bound (a smaller page may fit), TransientError for a damaged or
        truncated one, RefusedError for a content encoding that was not requested.
        """
        try:
            pieces = await self._pieces(response)
            coding = response.headers.get("Content-Encoding")
            if coding is None:
                return pieces[0] if len(pieces) == 1 else b"".join(pieces)
            coding = ", ".join(response.headers.getall("Content-Encoding"))  # the header may come more than once
            return await self._decoded(pieces, coding)
        except BodyTooLargeError:
            reason = f"the body is larger than {self._max_body_bytes} bytes; reduce limit or raise max_body_bytes"
            raise SizeRefusedError(details_of(response, reason, mask)) from None
        except (BrokenCodingError, UnknownCodingError) as error:
            if response.status >= HTTPStatus.BAD_REQUEST:
                return b""  # the status alone decides what to do; only the message is lost
            kind = TransientError if isinstance(error, BrokenCodingError) else RefusedError
            raise kind(details_of(response, str(error), mask)) from None

    async def _decoded(self, pieces: Sequence[bytes], coding: str) -> bytes:
        """Return what `content_encoding.decoded` returns or raises; one large body of the process at a time."""
        try:
            return decoded(pieces, coding, min(_INLINE_BYTES, self._max_body_bytes))
        except BodyTooLargeError:
            if self._max_body_bytes <= _INLINE_BYTES:
                raise
        return await anyio.to_thread.run_sync(
            decoded, pieces, coding, self._max_body_bytes, abandon_on_cancel=True, limiter=self._budget.large_bodies
        )

    async def _pieces(self, response: aiohttp.ClientResponse) -> list[bytes]:
        """Return the body as it arrived, in pieces; wait whenever the budget is used up."""
        content = response.content
        if content.is_eof():  # the whole body arrived with its head and is already in memory: no budget is needed
            piece = content.read_nowait()
            if len(piece) > self._max_body_bytes:
                raise BodyTooLargeError
            return [piece]
        pieces: list[bytes] = []
        size = reserved = 0
        try:
            while not content.at_eof() and (piece := await content.readany()):
                size += len(piece)
                if size > self._max_body_bytes:
                    raise BodyTooLargeError  # noqa: TRY301 - `finally` releases the budget on every way out
                while (granted := self._budget.reserve(response, len(piece))) is None:
                    await self._budget.wait()
                reserved += granted
                pieces.append(piece)
        except BaseException:
            pieces.clear()  # the error references this frame, and the frame the pieces
            raise
        finally:
            self._budget.release(response, reserved)
        return pieces
