"""What is kept: the working log of a run, and the published snapshot."""
