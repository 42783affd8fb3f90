"""A response of the service, before anything is known of its meaning (pure)."""

from collections.abc import Mapping
from typing import NamedTuple

from crawler.swr.exchange import Exchange
from crawler.text.redaction import Mask


class Response(NamedTuple):
    """A complete HTTP response.

    `headers` are case-insensitive. `body` is decompressed. `generation` is that of the credentials that the request
    was sent with (auth/credentials.py). `exchange` is None when the response certainly belongs to its request;
    otherwise it tells later (exchange.py). `mask` returns a text without any secret that the request was sent with, or
    that its client knows: whatever of the response is to be shown or stored passes through it.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    generation: int = 0
    exchange: Exchange | None = None
    mask: Mask = str
