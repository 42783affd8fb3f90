"""Files that are there complete or not at all, and what a disk's refusal means."""
