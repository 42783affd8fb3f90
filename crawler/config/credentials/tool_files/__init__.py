"""Files in which other tools keep credentials: where each is, how it is decoded, what an entry of it means (pure)."""
