"""A request as it arrives and a response as it leaves (pure)."""
