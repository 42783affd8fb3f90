"""How a request to IAM names a user, an account or a project: by its id, or by its name (pure).

Source: docs/reference/swr-api.md#token-request.
"""

from typing import Literal, NamedTuple


class IamRef(NamedTuple):
    """A user, an account or a project by its id or by its name. `str()` returns `NAME`, or `with id ID`."""

    key: Literal["id", "name"]
    value: str

    def to_json(self) -> dict[str, str]:
        """Return the object that names it in a request: `{"id": …}` or `{"name": …}`."""
        return {self.key: self.value}

    def __str__(self) -> str:
        return self.value if self.key == "name" else f"with id {self.value}"
