"""From the bytes of a response to record lines and rejects (pure)."""
