"""The nouns that every layer shares (pure): whose walk, which window, what a verdict means."""
