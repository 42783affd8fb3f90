"""How requests get to a target: by which proxy (pure)."""
