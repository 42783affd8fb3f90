"""The protocol of the service: requests, responses, items, credentials. Specification: docs/reference/swr-api.md."""
