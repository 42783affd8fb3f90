"""The schema of a record in the words of other tools: all of it follows from the fields of a struct (pure)."""
