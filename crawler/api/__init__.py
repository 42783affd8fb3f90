"""What the service speaks: requests, answers, records, credentials."""
