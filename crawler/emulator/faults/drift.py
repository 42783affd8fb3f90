"""Faults of an inventory that changes while a client reads it.

`index` counts the rows of a center from 0 in key order (domain_name, namespace, name). Each fault changes both centers.
In a walk sorted by name, names that begin with "0-" sort before all synthetic names, those with "zz-" after them.

Source: docs/reference/swr-api.md#moving-data, #sort-stability.
"""

# ruff: noqa: D102 - the contract of every hook is written once, in fault.py

from dataclasses import dataclass

from crawler.emulator.faults.fault import Call, Fault
from crawler.emulator.fields.parameter import number
from crawler.emulator.http.page import ServedPage
from crawler.emulator.inventory.center_rows import CenterRows, Inventory


@dataclass(frozen=True, slots=True)
class Drifting(Fault):
    """Change the inventory after `requests` requests and again after each further `every` requests.

    An `every` of 0 changes it once.
    """

    requests: int
    every: int = 0

    def generation(self, call: Call) -> int:
        if call.number <= self.requests:
            return 0
        return 1 + (call.number - self.requests - 1) // self.every if self.every else 1


@dataclass(frozen=True, slots=True)
class DeleteAfter(Drifting):
    """Delete `count` rows at `index`, and as many again with each further change."""

    index: int = 0
    count: int = number(minimum=1, default=1)

    def view(self, generation: int, inventory: Inventory) -> Inventory:
        return inventory.without(self.index, generation * self.count)


@dataclass(frozen=True, slots=True)
class InsertAfter(Drifting):
    """Insert `count` copies of the row at `index` behind it, and as many again with each further change.

    With `index` none, insert copies of the first row before all others.
    """

    # Behind a row the copies are named "<name>-inserted", "<name>-inserted-2", before all rows "0-inserted",
    # "0-inserted-2": those are in the first namespace that has rows.

    index: int | None = None
    count: int = number(minimum=1, default=1)

    def view(self, generation: int, inventory: Inventory) -> Inventory:
        names = _names("inserted", generation * self.count)
        if self.index is None:
            return inventory.with_copies(0, [f"0-{name}" for name in names])
        return inventory.with_copies(self.index, [f"-{name}" for name in names], behind=True)


@dataclass(frozen=True, slots=True)
class SwapAfter(Drifting):
    """Replace the row at `index` by one that sorts last, or first if `front` is true, so that the total stays the same.

    The rows between the two places move by one.
    """

    # The new row is named "zz-swapped" or "0-swapped".

    index: int = 0
    front: bool = False

    def view(self, generation: int, inventory: Inventory) -> Inventory:
        names = [f"{'0' if self.front else 'zz'}-{name}" for name in _names("swapped", generation)]
        # Copy first, then delete: the new rows then stay in one namespace, however many rows are deleted.
        copied = inventory.with_copies(self.index, names)
        return copied.without(self.index + (generation if self.front else 0), generation)


@dataclass(frozen=True, slots=True)
class RenameAfter(Drifting):
    """Rename the row at `index` to `to`, so that it sorts elsewhere. The next change restores the old name."""

    index: int = 0
    to: str = "zz-renamed"

    def view(self, generation: int, inventory: Inventory) -> Inventory:
        return inventory.renamed(self.index, self.to) if generation % 2 else inventory


@dataclass(frozen=True, slots=True)
class TransferAfter(Drifting):
    """Move the row at `index` to the namespace of the row at `to`. The next change moves it back."""

    index: int = 0
    to: int = number(minimum=0, default=1)

    def view(self, generation: int, inventory: Inventory) -> Inventory:
        return inventory.transferred(self.index, self.to) if generation % 2 else inventory


@dataclass(frozen=True, slots=True)
class MoveAfter(Drifting):
    """Move the row at `index` to the end of its namespace. The next change moves it back.

    Only requests without a sort order see the move.
    """

    # A database that is not asked for an order moves the rows that are written.

    index: int = 0

    def view(self, generation: int, inventory: Inventory) -> Inventory:
        return inventory.with_last(self.index) if generation % 2 else inventory


@dataclass(frozen=True, slots=True)
class ReverseAfter(Drifting):
    """Reverse the order of all rows, whatever order the request asks for. The next change restores it."""

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        return page.reversed() if self.generation(call) % 2 else page


@dataclass(frozen=True, slots=True)
class Churn(Fault):
    """Change the inventory after every `every` requests: insert a row before all others, then delete the first row.

    The two alternate, so that the total changes each time and all rows move.
    """

    every: int = number(minimum=1)

    def generation(self, call: Call) -> int:
        return (call.number - 1) // self.every

    def view(self, generation: int, inventory: Inventory) -> Inventory:
        return inventory.with_copies(0, [f"0-churned-{generation}"]) if generation % 2 else inventory.without(0)


@dataclass(frozen=True, slots=True)
class LostPermission(Fault):
    """Leave all rows out for good after `requests` requests, without an error, as for an account that may see none."""

    requests: int = 0

    def generation(self, call: Call) -> int:
        return int(call.number > self.requests)

    def view(self, generation: int, inventory: Inventory) -> Inventory:
        del generation
        return Inventory({center: CenterRows() for center in inventory.centers})


def _names(what: str, count: int) -> list[str]:
    return [what, *(f"{what}-{at}" for at in range(2, count + 1))]
