"""What the service speaks: requests, responses, items, credentials. Reference: docs/reference/swr-api.md."""
