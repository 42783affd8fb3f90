"""What is served, and what is kept of earlier requests."""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

from crawler.emulator.auth.access import Access
from crawler.emulator.auth.identity import Identity
from crawler.emulator.faults.fault import Call, Fault
from crawler.emulator.http.query import Paging
from crawler.emulator.inventory.center_rows import Inventory
from crawler.emulator.service.selection import Selections

# Whether organizations tell how many accounts use them and how many repositories they hold: "mixed" is every other
# one, as the API itself leaves the numbers out at times (FACTS 5).
NamespaceCounts = Literal["mixed", "present", "absent"]

T = TypeVar("T")


@dataclass(slots=True)
class EmulatorState:
    """All that changes while the emulator runs, owned by whoever serves.

    `listed` counts the requests for the list, `granted` those for a token, `triggered` how often each fault (by its
    place) did something.
    """

    listed: int = 0
    granted: int = 0
    triggered: Counter[int] = field(default_factory=Counter)
    selections: Selections = field(default_factory=Selections)
    access: Access = field(default_factory=Access)
    _views: dict[int, tuple[Inventory, int, Inventory]] = field(default_factory=dict)

    def view(self, place: int, fault: Fault, inventory: Inventory) -> Inventory:
        """Give `inventory` as this fault has it by now; made once per generation."""
        generation = fault.generation(self.listed)
        if generation == 0:
            return inventory
        base, made, seen = self._views.get(place, (None, 0, inventory))
        if base is not inventory or made != generation:
            seen = fault.view(generation, inventory)
            self._views[place] = (inventory, generation, seen)
            self.triggered[place] += 1
        return seen

    def call(self, place: int, call: Call) -> Call:
        """Give `call` as the fault at `place` sees it."""
        return replace(call, triggered=self.triggered[place])

    def note(self, place: int, before: T, after: T) -> T:
        """Count the fault at `place` as having triggered if it changed what it was given; give `after`."""
        self.triggered[place] += after is not before
        return after


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What is served and how: everything that does not change while it runs."""

    inventory: Inventory
    identity: Identity = field(default_factory=Identity)
    paging: Paging = field(default_factory=Paging)
    faults: tuple[Fault, ...] = ()
    namespace_counts: NamespaceCounts = "mixed"
