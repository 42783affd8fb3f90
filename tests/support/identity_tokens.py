"""Identity tokens as providers and Kubernetes issue them, with a signature that nobody checks."""

from base64 import urlsafe_b64encode
from typing import Any, Final

import orjson

POD_CLAIMS: Final[dict[str, Any]] = {
    "aud": ["pods.emulator"],
    "iss": "https://kubernetes.default.svc",
    "sub": "system:serviceaccount:audit:crawler",
    "kubernetes.io": {
        "namespace": "audit",
        "pod": {"name": "crawler-1", "uid": "77aa-uid"},
        "serviceaccount": {"name": "crawler", "uid": "5d1f-uid"},
    },
}


def jwt(claims: dict[str, Any]) -> str:
    """Return a token with these claims."""
    parts = orjson.dumps({"alg": "RS256"}), orjson.dumps(claims), b"no-signature"
    return ".".join(urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
