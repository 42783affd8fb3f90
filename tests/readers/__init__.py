"""What other tools make of a snapshot: the snippets of docs/how-to/read.md, run against one that is hard to read.

The libraries are large, so they are in a venv of their own: `make readers`.
"""
