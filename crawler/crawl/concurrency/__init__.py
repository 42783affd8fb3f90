"""What runs at the same time, and what ends it."""
