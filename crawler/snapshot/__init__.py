"""A published snapshot, read: its layout, its manifest, its parts, and whether they agree."""
