"""The parts of a walk: windows of items that are asked for, and gaps that could not be read (pure)."""

from typing import Literal, NamedTuple


class Order(NamedTuple):
    """A sort column and its direction; the page wants both or none (Table 1, order_column)."""

    column: str
    direction: Literal["asc", "desc"]


class Window(NamedTuple):
    """The items `[offset, offset + limit)` of a walk; `pass_number` counts from 1."""

    pass_number: int
    offset: int
    limit: int
    order: Order | None


class Gap(NamedTuple):
    """Items `[offset, end)` of which only `got` were read, and why; `end` is None where no total was known."""

    offset: int
    end: int | None
    got: int
    reason: str
