"""The repositories that are served (pure)."""
