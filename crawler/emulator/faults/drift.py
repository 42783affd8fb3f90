"""Faults of an inventory that changes while it is read.

Rows are counted in key order (domain_name, namespace, name), from 0, in each center. Where the walk is sorted by
name, names that begin with "0-" come before every synthetic one and those that begin with "zz-" after.
"""

# ruff: noqa: D102 - the contract of every hook is written once, in fault.py

from dataclasses import dataclass, replace

from crawler.emulator.faults.fault import Call, Fault, number
from crawler.emulator.http.page import ServedPage
from crawler.emulator.inventory.center_rows import Inventory


@dataclass(frozen=True, slots=True)
class Drifting(Fault):
    """The inventory changes after `requests` requests; unless `every` is 0, again after each `every` more."""

    requests: int
    every: int = 0

    def generation(self, number: int) -> int:
        if number <= self.requests:
            return 0
        return 1 + (number - self.requests - 1) // self.every if self.every else 1


@dataclass(frozen=True, slots=True)
class DeleteAfter(Drifting):
    """Each time `count` rows from `index` on are gone."""

    index: int = 0
    count: int = number(least=1, default=1)

    def view(self, generation: int, inventory: Inventory) -> Inventory:
        return inventory.without(self.index, generation * self.count)


@dataclass(frozen=True, slots=True)
class InsertAfter(Drifting):
    """Each time there are `count` rows more, behind the row at `index` or, without one, before all others.

    They are copies under other names: "<its name>-inserted", "<its name>-inserted-2"; before all others they are
    "0-inserted", "0-inserted-2", in the first organization that has any rows.
    """

    index: int | None = None
    count: int = number(least=1, default=1)

    def view(self, generation: int, inventory: Inventory) -> Inventory:
        names = _names("inserted", generation * self.count)
        if self.index is None:
            return inventory.with_copies(0, [f"0-{name}" for name in names])
        return inventory.with_copies(self.index, [f"-{name}" for name in names], behind=True)


@dataclass(frozen=True, slots=True)
class SwapAfter(Drifting):
    """Each time the row at `index` is gone and another one there, "zz-swapped": no total shows it.

    Whatever was between the two moves by one. With `front` the one that comes is "0-swapped".
    """

    index: int = 0
    front: bool = False

    def view(self, generation: int, inventory: Inventory) -> Inventory:
        names = [f"{'0' if self.front else 'zz'}-{name}" for name in _names("swapped", generation)]
        # In this order, as the new ones then are of an organization that stays the same however many go.
        came = inventory.with_copies(self.index, names)
        return came.without(self.index + (generation if self.front else 0), generation)


@dataclass(frozen=True, slots=True)
class RenameAfter(Drifting):
    """The row at `index` is called `to` and sorts elsewhere; the next time it has its old name back, and so on."""

    index: int = 0
    to: str = "zz-renamed"

    def view(self, generation: int, inventory: Inventory) -> Inventory:
        return inventory.renamed(self.index, self.to) if generation % 2 else inventory


@dataclass(frozen=True, slots=True)
class MoveAfter(Drifting):
    """The row at `index` is the last of its organization, its name the same; the next time it is back, and so on.

    Only those who ask for no order see it: so a database without one moves what is written.
    """

    index: int = 0

    def view(self, generation: int, inventory: Inventory) -> Inventory:
        return inventory.with_last(self.index) if generation % 2 else inventory


@dataclass(frozen=True, slots=True)
class ReverseAfter(Drifting):
    """The order of all rows turns around, whatever order was asked for; the next time it turns back, and so on."""

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        if self.generation(call.number) % 2 == 0:
            return page
        end = max(0, len(page.selection) - page.query.offset)
        return replace(page, rows=page.selection[max(0, end - page.query.limit) : end][::-1])


@dataclass(frozen=True, slots=True)
class Churn(Fault):
    """The inventory changes after each `every` requests and never stands still.

    Odd generations have one row more at the front, even ones lack their first row: the total changes each
    time, and whatever was read before is out of place.
    """

    every: int = number(least=1)

    def generation(self, number: int) -> int:
        return (number - 1) // self.every

    def view(self, generation: int, inventory: Inventory) -> Inventory:
        return inventory.with_copies(0, [f"0-churned-{generation}"]) if generation % 2 else inventory.without(0)


def _names(what: str, count: int) -> list[str]:
    return [what, *(f"{what}-{at}" for at in range(2, count + 1))]
