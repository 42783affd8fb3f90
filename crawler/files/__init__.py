"""Files that exist complete or not at all, and the errors of the disk."""
