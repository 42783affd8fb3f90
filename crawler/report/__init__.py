"""Makes one HTML file about a snapshot, for people."""
