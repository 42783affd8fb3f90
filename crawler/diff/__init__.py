"""What differs between two snapshots, and what nobody can know."""
