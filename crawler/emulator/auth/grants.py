"""What was issued and ends: tokens, temporary keys. State that is told the time."""

from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import shake_256
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class IssuedGrant(Generic[T]):
    """One thing issued, good before `expires_s` (since the epoch) and for `uses_left` more uses, None any number."""

    value: T
    expires_s: float
    uses_left: int | None = None

    def use(self, now_s: float) -> bool:
        """Tell whether it is still good, and take one use of it if so."""
        if now_s >= self.expires_s or self.uses_left == 0:
            return False
        if self.uses_left is not None:
            self.uses_left -= 1
        return True

    def void(self) -> None:
        """Let it be good for nothing more."""
        self.uses_left = 0


@dataclass(slots=True)
class IssuedGrants(Generic[T]):
    """All of one kind that were issued, by what they are shown as; they are kept, so that expired is not unknown."""

    issued: dict[str, IssuedGrant[T]] = field(default_factory=dict)

    def issue(self, shown: str, value: T, *, expires_s: float, uses: int | None = None) -> IssuedGrant[T]:
        """Keep and give a new one."""
        grant = self.issued[shown] = IssuedGrant(value, expires_s, uses)
        return grant

    def find(self, shown: str | None) -> IssuedGrant[T] | None:
        """Give the one shown as this, good or not."""
        return self.issued.get(shown) if shown is not None else None

    def void(self) -> None:
        """Let none issued so far be good for anything more."""
        for grant in self.issued.values():
            grant.void()


def made_up(kind: str, salt: str, serial: int, length: int) -> str:
    """Give `length` letters and digits that look like chance and are not: the same for the same arguments."""
    noise = b64encode(shake_256(f"{kind}/{salt}/{serial}".encode()).digest(length))
    return noise.decode().replace("+", "x").replace("/", "y")[:length]


def stamp(at_s: float) -> str:
    """Give seconds since the epoch as IAM writes a time, 2015-11-09T01:42:57.527363Z (FACTS 3.1)."""
    return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
