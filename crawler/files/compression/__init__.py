"""How the bytes of a file are compressed and read again (pure)."""
