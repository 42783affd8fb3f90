"""The read side of a published snapshot: its layout, its manifest, its parts, and whether they agree."""
