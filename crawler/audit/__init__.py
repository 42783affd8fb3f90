"""Checks a snapshot against rules and writes the findings as text, NDJSON, SARIF and JUnit."""
