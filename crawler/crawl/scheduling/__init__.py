"""Which window of which walk is fetched next, and what is counted."""
