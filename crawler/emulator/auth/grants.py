"""Credentials that are issued and expire: tokens and temporary keys. Every method that needs the time takes it."""

from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import shake_256
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class IssuedGrant(Generic[T]):
    """One credential, valid before `expires_s` (since the epoch) and for `uses_left` more uses; None is no limit."""

    value: T
    expires_s: float
    uses_left: int | None = None

    def use(self, now_s: float) -> bool:
        """Return whether it is still valid; if so, count one use."""
        if now_s >= self.expires_s or self.uses_left == 0:
            return False
        if self.uses_left is not None:
            self.uses_left -= 1
        return True

    def void(self) -> None:
        """Make it invalid."""
        self.uses_left = 0


@dataclass(slots=True)
class IssuedGrants(Generic[T]):
    """All credentials of one kind by their public identifier. Expired ones stay: their refusals differ."""

    issued: dict[str, IssuedGrant[T]] = field(default_factory=dict)

    def issue(self, identifier: str, value: T, *, expires_s: float, uses: int | None = None) -> IssuedGrant[T]:
        """Store and return a new credential."""
        grant = self.issued[identifier] = IssuedGrant(value, expires_s, uses)
        return grant

    def find(self, identifier: str | None) -> IssuedGrant[T] | None:
        """Return the credential with this identifier, valid or not, or None."""
        return self.issued.get(identifier) if identifier is not None else None

    def void(self) -> None:
        """Make all credentials issued so far invalid."""
        for grant in self.issued.values():
            grant.void()


def pseudo_random_text(kind: str, salt: str, serial: int, length: int) -> str:
    """Return `length` letters and digits that look random; the same arguments give the same text."""
    noise = b64encode(shake_256(f"{kind}/{salt}/{serial}".encode()).digest(length))
    return noise.decode().replace("+", "x").replace("/", "y")[:length]


def iam_time(at_s: float) -> str:
    """Return seconds since the epoch as IAM writes a time: 2015-11-09T01:42:57.527363Z (swr-api.md#token-response)."""
    return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
