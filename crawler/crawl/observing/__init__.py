"""What observers of a run are told, and the observers that every run has: the log and the statistics."""
