"""The nouns that every layer shares (pure): which list, which window, what a verdict means, what a record is."""
