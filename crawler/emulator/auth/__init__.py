"""Who is let in: tokens, signatures, keys, and the services that issue them (pure)."""
