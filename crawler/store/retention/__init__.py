"""Which runs an output holds beside its snapshots, and the removal of old snapshots."""
