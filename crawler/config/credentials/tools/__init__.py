"""Other tools: their variables, how they act for somebody else, and what is set and leads to no credentials (pure)."""
