"""The body of a response, read within bounds of memory and without its content coding."""

from http import HTTPStatus

import aiohttp

from crawler.errors import ErrorDetails, RefusedError, SizeRefusedError, TransientError
from crawler.swr.content_encoding import BodyTooLargeError, BrokenCodingError, UnknownCodingError, decoded
from crawler.swr.http.buffer_budget import BufferBudget
from crawler.swr.response import printable


def details_of(response: aiohttp.ClientResponse, text: str) -> ErrorDetails:
    """Return what an error says of this response: status, request id and `text`."""
    request_id = printable(response.headers.get("X-Request-Id", ""))
    return ErrorDetails(status=response.status, text=text, request_id=request_id)


class BodyReader:
    """Reads bodies of at most `max_body_bytes`, compressed or not. All clients of a process share one `budget`."""

    def __init__(self, max_body_bytes: int, budget: BufferBudget) -> None:
        self._max_body_bytes = max_body_bytes
        self._budget = budget

    async def read(self, response: aiohttp.ClientResponse) -> bytes:
        """Return the body, decompressed.

        Raises SizeRefusedError for one beyond the bound (a smaller page may fit), TransientError for one that is
        damaged, RefusedError for a coding that was not asked for.
        """
        try:
            pieces = await self._pieces(response)
            coding = response.headers.get("Content-Encoding")
            if coding is None:
                return pieces[0] if len(pieces) == 1 else b"".join(pieces)
            return decoded(pieces, coding, self._max_body_bytes)
        except BodyTooLargeError:
            reason = (
                f"the body is larger than {self._max_body_bytes} bytes; set a smaller limit, or a larger {_SETTING}"
            )
            raise SizeRefusedError(details_of(response, reason)) from None
        except (BrokenCodingError, UnknownCodingError) as error:
            if response.status >= HTTPStatus.BAD_REQUEST:
                return b""  # the status says what to do; the words are lost
            kind = TransientError if isinstance(error, BrokenCodingError) else RefusedError
            raise kind(details_of(response, printable(str(error)))) from None

    async def _pieces(self, response: aiohttp.ClientResponse) -> list[bytes]:
        """Read the body as it comes, as fast as the budget allows."""
        content = response.content
        if content.is_eof():  # all of it has come with its head: nothing waits, so the budget is not asked
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
                    raise BodyTooLargeError  # noqa: TRY301 - it is for the caller; the pieces are let go of all the same
                while (granted := self._budget.reserve(response, len(piece))) is None:
                    await self._budget.wait()
                reserved += granted
                pieces.append(piece)
        except BaseException:
            pieces.clear()  # the error keeps this frame, and with it the pieces
            raise
        finally:
            self._budget.release(response, reserved)
        return pieces


_SETTING = "max_body_bytes"
