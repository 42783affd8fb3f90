"""The commands about a whole output: what is in it, and what of it is removed."""
