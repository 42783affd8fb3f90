"""What a service serves and how: everything about it that does not change while it runs."""

from dataclasses import dataclass, field
from typing import Literal

from crawler.emulator.auth.identity import Identity
from crawler.emulator.faults.fault import Fault
from crawler.emulator.http.query import Paging
from crawler.emulator.inventory.center_rows import Inventory

# Whether a namespace has the fields `access_user_count` and `repo_count`. The real service leaves them out at times
# (swr-api.md#namespace-counts); "mixed" leaves them out of every other namespace.
NamespaceCounts = Literal["mixed", "present", "absent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceConfig:
    """The inventory, the credentials that are accepted, and how requests are answered."""

    inventory: Inventory
    identity: Identity = field(default_factory=Identity)
    paging: Paging = field(default_factory=Paging)
    faults: tuple[Fault, ...] = ()
    namespace_counts: NamespaceCounts = "mixed"
