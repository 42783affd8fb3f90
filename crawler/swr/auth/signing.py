r"""The signature of a request, SDK-HMAC-SHA256: how a client makes it and how a server verifies it (pure).

    canonical request   METHOD \n path/ \n query \n header:value \n… \n \n header;header \n hex(sha256(body))
    string to sign      SDK-HMAC-SHA256 \n X-Sdk-Date \n hex(sha256(canonical request))
    signature           hex(hmac-sha256(secret key, string to sign)); no key is derived from the secret key

The bytes that are sent must be the bytes that were signed. So send the query as `canonical_query` returns it, and let
no library encode it again: yarl leaves `/` and `$` unencoded and turns a space into a plus.

Source: docs/reference/swr-api.md#signature, #canonical-request, #canonical-path, #canonical-query, #signed-headers,
#string-to-sign, #url-encoding-trap. tests/swr/auth/test_signing.py compares this module with the official signer.
"""

import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, NamedTuple
from urllib.parse import quote, unquote

ALGORITHM: Final = "SDK-HMAC-SHA256"
DATE_HEADER: Final = "X-Sdk-Date"
CONTENT_HEADER: Final = "X-Sdk-Content-Sha256"
DATE_FORMAT: Final = "%Y%m%dT%H%M%SZ"
UNSIGNED_PAYLOAD: Final = "UNSIGNED-PAYLOAD"
# The official signer does not sign bodies of other types: they may be streams (swr-api.md#signed-headers).
_SIGNED_BODIES: Final = ("application/json", "application/bson")


@dataclass(frozen=True, slots=True)
class AccessKey:
    """An access key (AK) with its secret key (SK). Its repr shows no secret.

    Only temporary keys have a `security_token`. A regional service such as SWR takes the `project_id`, a global
    service the `domain_id` (swr-api.md#project-id-header).
    """

    ak: str
    sk: str = field(repr=False)
    security_token: str | None = field(default=None, repr=False)
    project_id: str | None = None
    domain_id: str | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """What nobody may see: not the access key's id, which names it."""
        return (self.sk,) if self.security_token is None else (self.sk, self.security_token)


@dataclass(frozen=True, slots=True)
class Signable:
    """A request to be signed. `headers` are those that will be sent, without the headers of the signature.

    `host` is the Host header, with the port unless it is the scheme's default. `path` may be percent-encoded or not.
    `query` holds decoded pairs in any order. Its repr shows neither headers nor body.
    """

    method: str
    host: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


def sign(request: Signable, key: AccessKey, *, at: datetime) -> dict[str, str]:
    """Return the headers to add: Host, X-Sdk-Date, X-Project-Id or X-Domain-Id, X-Security-Token and Authorization.

    They replace headers of `request` with the same name in any case: do not send both. Every header is signed except
    those with `_` in their name, which gateways drop. If the body is neither JSON nor BSON, it is not signed, and
    X-Sdk-Content-Sha256 says so. Raises ValueError when `at` has no time zone or any text holds a lone surrogate,
    which no request can.
    """
    added = _headers_to_add(request, key, at)
    given = {name.lower(): value for name, value in request.headers.items()}
    headers = given | {name.lower(): value for name, value in added.items()}
    names = sorted(name for name in headers if "_" not in name and name != "authorization")
    canonical = canonical_request(
        request.method,
        request.path,
        canonical_query(request.query),
        {name: headers[name] for name in names},
        payload_hash(request.body, headers.get(CONTENT_HEADER.lower())),
    )
    signed = signature(key.sk, string_to_sign(added[DATE_HEADER], canonical))
    added["Authorization"] = f"{ALGORITHM} Access={key.ak}, SignedHeaders={';'.join(names)}, Signature={signed}"
    return added


def _headers_to_add(request: Signable, key: AccessKey, at: datetime) -> dict[str, str]:
    if at.tzinfo is None:
        raise ValueError("the time of a signature needs a time zone")
    given = {name.lower(): value for name, value in request.headers.items()}
    content_type = given.get("content-type", "")
    unsigned = bool(content_type) and not content_type.startswith(_SIGNED_BODIES)
    headers = {
        "Host": request.host,
        DATE_HEADER: at.astimezone(UTC).strftime(DATE_FORMAT),
        "X-Project-Id": key.project_id,
        "X-Domain-Id": key.domain_id,
        "X-Security-Token": key.security_token,
        CONTENT_HEADER: UNSIGNED_PAYLOAD if unsigned else None,
    }
    return {name: value for name, value in headers.items() if value is not None}


def encode(text: str) -> str:
    """Return `text` percent-encoded by RFC 3986, as UTF-8: everything but letters, digits and `-._~`."""
    return quote(text, safe="~")


def canonical_query(pairs: Iterable[tuple[str, str]]) -> str:
    """Return the query string to send and to sign: the decoded pairs sorted by name, then by value, and encoded."""
    return "&".join(f"{encode(name)}={encode(value)}" for name, value in sorted(pairs))


def canonical_path(path: str) -> str:
    """Return the path to sign: each segment encoded once, and a slash at the end even though none is sent."""
    encoded = "/".join(encode(segment) for segment in unquote(path).split("/"))
    return encoded if encoded.endswith("/") else f"{encoded}/"


def canonical_request(method: str, path: str, query: str, headers: Mapping[str, str], body_hash: str) -> str:
    """Return the canonical request.

    `query` is canonical already. `headers` holds the signed headers by lower-case name, in the order of SignedHeaders.
    `body_hash` comes from `payload_hash`.
    """
    lines = "".join(f"{name}:{value.strip()}\n" for name, value in headers.items())
    return "\n".join((method.upper(), canonical_path(path), query, lines, ";".join(headers), body_hash))


def payload_hash(body: bytes, declared: str | None = None) -> str:
    """Return hex(sha256(body)), or for a body that is not empty the value `declared` in X-Sdk-Content-Sha256."""
    return declared if body and declared else sha256(body).hexdigest()


def string_to_sign(date: str, canonical: str) -> str:
    """Return the text that the secret key signs; `date` is the X-Sdk-Date header, `canonical` the canonical request."""
    # Received headers keep bytes that are not UTF-8 as surrogates (PEP 383). The signature covers the original bytes.
    return f"{ALGORITHM}\n{date}\n{sha256(canonical.encode(errors='surrogateescape')).hexdigest()}"


def signature(sk: str, text: str) -> str:
    """Return the signature of a string to sign: 64 lower-case hexadecimal digits."""
    return hmac.digest(sk.encode(), text.encode(errors="surrogateescape"), "sha256").hex()


class Claim(NamedTuple):
    """A received Authorization header, not verified: `ak` claims to have signed these headers (lower-case names)."""

    ak: str
    signed_headers: tuple[str, ...]
    signature: str


_CLAIM: Final = re.compile(rf"{ALGORITHM} Access=([^,\s]+), ?SignedHeaders=([^,\s]+), ?Signature=([0-9a-f]{{64}})")


def parse_claim(authorization: str) -> Claim | None:
    """Return the claim in an Authorization header, None if it is not one of this algorithm."""
    match = _CLAIM.fullmatch(authorization)
    return match and Claim(match[1], tuple(match[2].lower().split(";")), match[3])


def query_pairs(raw_query: str) -> tuple[tuple[str, str], ...]:
    """Return the decoded pairs of a received query, in order, repeated and empty ones included.

    A plus stays a plus: a client that signs `%20` and sends `+` has not signed what it sent.
    """
    parts = (part.partition("=") for part in raw_query.split("&") if part)
    return tuple((unquote(name), unquote(value)) for name, _, value in parts)


def received_canonical_request(
    method: str, path: str, raw_query: str, headers: Mapping[str, str], body: bytes, signed_headers: Iterable[str]
) -> str:
    """Return the canonical request of a received request, for a server to verify the signature with.

    `headers` are by lower-case name. A signed header that was not received counts as empty.
    """
    return canonical_request(
        method,
        path,
        canonical_query(query_pairs(raw_query)),
        {name: headers.get(name, "") for name in signed_headers},
        payload_hash(body, headers.get(CONTENT_HEADER.lower())),
    )


def parse_date(text: str) -> datetime | None:
    """Return the time in an X-Sdk-Date header, None if it holds none."""
    try:
        return datetime.strptime(text, DATE_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None
