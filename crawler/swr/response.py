"""A response of the service, before anything is known of its meaning (pure)."""

from collections.abc import Mapping
from typing import NamedTuple


class Response(NamedTuple):
    """A complete HTTP response.

    `headers` are case-insensitive. `body` is decompressed. `generation` is that of the credentials that the request
    was sent with (auth/credentials.py).
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    generation: int = 0
