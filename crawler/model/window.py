"""The parts of a walk: windows of items to request, and gaps that could not be read (pure)."""

from typing import Literal, NamedTuple


class Order(NamedTuple):
    """A sort column and its direction; a request has both or neither (swr-api.md#pairs)."""

    column: str
    direction: Literal["asc", "desc"]

    def reversed(self) -> "Order":
        """Return the opposite order."""
        return Order(self.column, "desc" if self.direction == "asc" else "asc")


class Window(NamedTuple):
    """The items `[offset, offset + limit)` of a walk in one pass; `pass_number` counts from 1."""

    pass_number: int
    offset: int
    limit: int
    order: Order | None


class Gap(NamedTuple):
    """Items `[offset, end)` of which only `got` were read, and why; `end` is None when no total is known."""

    offset: int
    end: int | None
    got: int
    reason: str
