"""What the refusal of credentials most likely means, beyond the service's own words (pure).

Source: docs/reference/swr-api.md#clock-skew, #key-lockout, #gateway-auth-messages.
"""

from datetime import datetime, timedelta
from typing import Final

_MAX_SKEW: Final = timedelta(minutes=15)


def explain_refusal(details: str, server_date: datetime | None, now: datetime) -> str:
    """Return the likely cause of a 401 and what to do about it.

    `details` is the service's message; `server_date` is the Date of the response, None if it had none; `now` is this
    machine's time. Both times have a time zone.
    """
    if server_date is not None and abs(server_date - now) > _MAX_SKEW:
        minutes = (now - server_date).total_seconds() / 60
        side = "ahead of" if minutes > 0 else "behind"
        return f"this machine's clock is {abs(minutes):.0f} minutes {side} the service's; correct this machine's clock"
    if "failed to reach the limit" in details:
        return "the access key is locked after refused signatures; wait five minutes"
    return "set fresh credentials"
