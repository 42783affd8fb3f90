"""Authentication: tokens, signatures and keys, and the services that issue them (pure)."""
