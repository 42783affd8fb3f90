"""Which window to ask for next, and what the answers prove (pure)."""
