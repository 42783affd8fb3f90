"""What the audit rules find in a snapshot, and how it is written down."""
