"""The output folder while a run works in it: whose it is, which run is resumed, and that one run at a time holds it."""
