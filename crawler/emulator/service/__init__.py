"""The service: from an authorised request to its response (pure)."""
