"""Which list a walk reads: one center of one target, all its namespaces or one of them (pure)."""

from typing import Literal, NamedTuple

Center = Literal["self", "thirdparty"]


class WalkId(NamedTuple):
    """Names a walk: one query over one target's center, all its namespaces when `namespace` is None."""

    target: str
    center: Center
    namespace: str | None

    def __str__(self) -> str:
        """Give e.g. `default/self/team-a`, `default/self/*` for all namespaces."""
        return f"{self.target}/{self.center}/{self.namespace or '*'}"
