"""Compares two snapshots: what differs, and what cannot be known."""
