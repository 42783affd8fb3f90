"""The nouns that all layers share (pure): walk id, window, verdict, record, key set, clock."""
