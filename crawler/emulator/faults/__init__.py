"""Faults that a client must survive, one class each (pure)."""
