"""The secrets that an issuer gave, as long as they may come back in a text (pure)."""

from collections import deque
from typing import Final

# Only the last one is used. Earlier ones may be in answers on their way; what repeats its own request is masked
# by that request (swr/http/transport.py). A machine that lives for months fetches thousands.
_KEPT: Final = 6


class IssuedSecrets:
    """What `lasts`, such as the password that tokens are issued for, and the secrets of the last grants."""

    def __init__(self, *lasts: str) -> None:
        self._lasts = lasts
        self._grants: deque[tuple[str, ...]] = deque(maxlen=_KEPT)

    def add(self, *secrets: str) -> None:
        """Remember the secrets of one grant; forget those of the oldest when there are more than _KEPT."""
        self._grants.append(secrets)

    def all(self) -> tuple[str, ...]:
        """Return every secret that may come back."""
        return (*self._lasts, *(secret for grant in self._grants for secret in grant))
