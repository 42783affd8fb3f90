r"""The signature of a request, SDK-HMAC-SHA256: made here, and made again here by whoever verifies one (pure).

    canonical request   METHOD \n path/ \n query \n header:value \n… \n \n header;header \n hex(sha256(body))
    string to sign      SDK-HMAC-SHA256 \n X-Sdk-Date \n hex(sha256(canonical request))
    signature           hex(hmac-sha256(secret key, string to sign)): no key is derived

What is signed must be what goes over the wire, byte for byte. So the query is sent as `canonical_query` gives
it, and no library may encode it once more: yarl leaves `/` and `$` as they are and makes a space a plus.

Source: FACTS 3.2, which is huaweicloudsdkcore/signer/signer.py; tests/api/test_signing.py holds us to that one.
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
# Bodies of any other type are not signed: they may be streams (the official signer's rule).
_SIGNED_BODIES: Final = ("application/json", "application/bson")


@dataclass(frozen=True, slots=True)
class AccessKey:
    """What signs: a key of an account and whose resources are asked for. No secret shows in its repr.

    `security_token` is there for temporary keys only. Regional services, of which SWR is one, take the
    `project_id`, global ones the `domain_id`.
    """

    ak: str
    sk: str = field(repr=False)
    security_token: str | None = field(default=None, repr=False)
    project_id: str | None = None
    domain_id: str | None = None


@dataclass(frozen=True, slots=True)
class Signable:
    """A request to be signed, with the `headers` that will be sent and are not of the signature itself.

    `host` is the Host header, with the port where it is not the scheme's own. `path` may be percent-encoded
    or not; `query` holds decoded pairs, in any order. Headers and body don't show in its repr.
    """

    method: str
    host: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


def sign(request: Signable, key: AccessKey, *, at: datetime) -> dict[str, str]:
    """Give the headers to add: Host, X-Sdk-Date, whose resources, X-Security-Token and Authorization.

    A header of `request` whose name is among them, in whatever case, is replaced: don't send both. Every header
    is signed, but those with a `_` in their name, which gateways drop. With a body that is neither JSON nor BSON
    X-Sdk-Content-Sha256 is added, and the body is not signed. Raises ValueError for an `at` without time zone
    and for text with lone surrogates, which no request can hold.
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
    proof = signature(key.sk, string_to_sign(added[DATE_HEADER], canonical))
    added["Authorization"] = f"{ALGORITHM} Access={key.ak}, SignedHeaders={';'.join(names)}, Signature={proof}"
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
    """Percent-encode as RFC 3986 has it: all but letters, digits and `-._~`, as UTF-8."""
    return quote(text, safe="~")


def canonical_query(pairs: Iterable[tuple[str, str]]) -> str:
    """Give the query string to send and to sign: decoded pairs sorted by name, then by value, and encoded."""
    return "&".join(f"{encode(name)}={encode(value)}" for name, value in sorted(pairs))


def canonical_path(path: str) -> str:
    """Give the path as it is signed: each segment encoded once, and a slash at the end, though none is sent."""
    encoded = "/".join(encode(segment) for segment in unquote(path).split("/"))
    return encoded if encoded.endswith("/") else f"{encoded}/"


def canonical_request(method: str, path: str, query: str, headers: Mapping[str, str], body_hash: str) -> str:
    """Give what the signature is about, in one text.

    `query` is canonical already; `headers` are those that are signed, by lower-case name and in the order they
    are signed in; `body_hash` is `payload_hash`.
    """
    lines = "".join(f"{name}:{value.strip()}\n" for name, value in headers.items())
    return "\n".join((method.upper(), canonical_path(path), query, lines, ";".join(headers), body_hash))


def payload_hash(body: bytes, declared: str | None = None) -> str:
    """Give hex(sha256(body)); of a body that isn't empty, what X-Sdk-Content-Sha256 declares it to be."""
    return declared if body and declared else sha256(body).hexdigest()


def string_to_sign(date: str, canonical: str) -> str:
    """Give the text that the secret key signs; `date` is X-Sdk-Date as it is sent."""
    # Headers received keep bytes that are no UTF-8 as surrogates (PEP 383); those are the bytes that were signed.
    return f"{ALGORITHM}\n{date}\n{sha256(canonical.encode(errors='surrogateescape')).hexdigest()}"


def signature(sk: str, text: str) -> str:
    """Give the signature of a string to sign, 64 hexadecimal digits."""
    return hmac.digest(sk.encode(), text.encode(errors="surrogateescape"), "sha256").hex()


class Claim(NamedTuple):
    """An Authorization header as it was received: who says to have signed which headers, lower-case names."""

    ak: str
    signed_headers: tuple[str, ...]
    signature: str


_CLAIM: Final = re.compile(rf"{ALGORITHM} Access=([^,\s]+), ?SignedHeaders=([^,\s]+), ?Signature=([0-9a-f]{{64}})")


def parse_claim(authorization: str) -> Claim | None:
    """Read an Authorization header; None when it is none of this algorithm."""
    found = _CLAIM.fullmatch(authorization)
    return found and Claim(found[1], tuple(found[2].lower().split(";")), found[3])


def query_pairs(raw_query: str) -> tuple[tuple[str, str], ...]:
    """Give the decoded pairs of a query as it was received, repeated and empty ones included.

    A plus is a plus: who signs %20 and sends `+` has not signed what was sent.
    """
    parts = (part.partition("=") for part in raw_query.split("&") if part)
    return tuple((unquote(name), unquote(value)) for name, _, value in parts)


def signed_again(
    method: str, path: str, raw_query: str, headers: Mapping[str, str], body: bytes, signed_headers: Iterable[str]
) -> str:
    """Give the canonical request of a request as it was received, for a verifier to sign once more.

    `headers` by lower-case name; one that was signed and not received counts as empty.
    """
    return canonical_request(
        method,
        path,
        canonical_query(query_pairs(raw_query)),
        {name: headers.get(name, "") for name in signed_headers},
        payload_hash(body, headers.get(CONTENT_HEADER.lower())),
    )


def parse_date(text: str) -> datetime | None:
    """Read an X-Sdk-Date header; None when it is no such date."""
    try:
        return datetime.strptime(text, DATE_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None
