"""The snapshots of an output: which is the latest, which the one before, and what a new one lost since."""
