"""What a service remembers of earlier requests."""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from crawler.emulator.auth.access import AccessState
from crawler.emulator.faults.fault import Call, Fault
from crawler.emulator.inventory.center_rows import Inventory
from crawler.emulator.service.selection import SelectionCache

T = TypeVar("T")


@dataclass(slots=True)
class EmulatorState:
    """The part of a service that changes with its requests.

    `list_requests` and `token_requests` count the authorised requests of each kind. `triggered` counts by the index of
    each fault how often it changed something.
    """

    list_requests: int = 0
    token_requests: int = 0
    triggered: Counter[int] = field(default_factory=Counter)
    selections: SelectionCache = field(default_factory=SelectionCache)
    access: AccessState = field(default_factory=AccessState)
    _views: dict[int, tuple[Inventory, int, Inventory]] = field(default_factory=dict)
    _memories: dict[int, dict[str, Any]] = field(default_factory=dict)

    def view(self, index: int, fault: Fault, call: Call, inventory: Inventory) -> Inventory:
        """Return `inventory` as the fault at `index` changes it for this request; built once for each generation."""
        generation = fault.generation(call)
        if generation == 0:
            return inventory
        base, built, seen = self._views.get(index, (None, 0, inventory))
        if base is not inventory or built != generation:
            seen = fault.view(generation, inventory)
            self._views[index] = (inventory, generation, seen)
            self.triggered[index] += 1
        return seen

    def call(self, index: int, call: Call) -> Call:
        """Return `call` with what the fault at `index` remembers, and how often it has triggered."""
        memory = self._memories.setdefault(index, {})
        return replace(call, triggered=self.triggered[index], memory=memory)

    def count_trigger(self, index: int, before: T, after: T) -> T:
        """Return `after`; count the fault at `index` as triggered if `after` is not the object `before`."""
        self.triggered[index] += after is not before
        return after
