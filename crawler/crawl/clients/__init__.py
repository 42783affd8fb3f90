"""Who asks each target: its credentials, its client, and how many connections it may have open."""
