"""Faults of an inventory that changes while it is read."""

# ruff: noqa: D102 - the contract of every hook is written once, in fault.py

from dataclasses import dataclass

from crawler.emulator.fault import Fault, number
from crawler.emulator.shelf import Inventory


@dataclass(frozen=True, slots=True)
class DeleteAfter(Fault):
    """After `requests` requests the row at `index` of the key order is gone, from each center."""

    requests: int
    index: int = 0

    def generation(self, number: int) -> int:
        return int(number > self.requests)

    def view(self, generation: int, inventory: Inventory) -> Inventory:
        del generation
        return inventory.without(self.index)


@dataclass(frozen=True, slots=True)
class InsertAfter(Fault):
    """After `requests` requests each center has one row more, in its first organization that has any.

    Its name, "0-inserted", sorts before every synthetic one, so every row behind it moves by one.
    """

    requests: int

    def generation(self, number: int) -> int:
        return int(number > self.requests)

    def view(self, generation: int, inventory: Inventory) -> Inventory:
        del generation
        return inventory.with_first("0-inserted")


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
        return inventory.with_first(f"0-churned-{generation}") if generation % 2 else inventory.without(0)
