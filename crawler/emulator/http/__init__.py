"""Requests as they arrive, responses as they leave, and what lies between the two for any service (pure)."""
