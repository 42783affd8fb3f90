"""Error bodies in every shape that the service is known to send, and the error that a response with one becomes."""

import json
from typing import Final

import pytest

from crawler.errors import RequestError
from crawler.swr.decode.batch import Source
from crawler.swr.page import read_page
from crawler.swr.response import Response

SOURCE: Final = Source("eu", "self", None, 0)
MESSAGE: Final = "this is why"


def error_bodies(code: str) -> dict[str, bytes]:
    """Return an error body with `code` and MESSAGE by its shape.

    Source: swr-api.md#error-array, #error-dual, #error-top-level, #gateway-error-body, #iam-error-shapes.
    """
    old, new = {"errorCode": code, "errorMessage": MESSAGE}, {"error_code": code, "error_msg": MESSAGE}
    shapes: dict[str, object] = {
        "array": [{**old, "detail": ""}],
        "dual": {"errors": [{**old, "detail": ""}], **new, "details": [new], "encoded_authorization_message": ""},
        "errors": {"errors": [old]},
        "top": old,
        "gateway": {**new, "request_id": "0" * 32},
        "keystone": {"error": {"code": code, "message": MESSAGE, "title": "Unauthorized"}},
    }
    return {shape: json.dumps(content).encode() + b"\n" for shape, content in shapes.items()}


def read_error(status: int, body: bytes = b"", **headers: str) -> RequestError:
    """Return the error that a response becomes; `_` in the name of a header stands for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with pytest.raises(RequestError) as caught:
        read_page(Response(status, named, body), SOURCE)
    return caught.value
