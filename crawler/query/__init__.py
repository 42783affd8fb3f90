"""Answers SQL over one snapshot."""
