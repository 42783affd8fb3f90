"""One HTML file about a snapshot, for people."""
