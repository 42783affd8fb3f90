"""Which list a walk reads: one center of one target, with all namespaces or one of them (pure)."""

from typing import Literal, NamedTuple

Center = Literal["self", "thirdparty"]


class WalkId(NamedTuple):
    """The name of a walk: one center of one target; `namespace` None means all of them (swr-api.md#centers)."""

    target: str
    center: Center
    namespace: str | None

    def __str__(self) -> str:
        """Return e.g. `default/self/team-a`, or `default/self/*` for all namespaces."""
        return f"{self.target}/{self.center}/{self.namespace or '*'}"
