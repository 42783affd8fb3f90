"""What is known of a walk that has ended (pure)."""

from typing import Final, Literal

Verdict = Literal["whole", "repaired", "drifted", "lost", "unproven"]
PROVEN: Final[frozenset[Verdict]] = frozenset({"whole", "repaired"})
