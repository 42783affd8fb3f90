"""Which window of which walk is fetched next (pure)."""
