"""How a run ends: what it found, which targets failed, and what the same command need not read again."""
