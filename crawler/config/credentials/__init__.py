"""Credentials: the sources they come from, the choice of a method, and the reading of the secrets."""
