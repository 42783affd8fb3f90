"""What can be wrong with the service, one named class a fault (pure)."""
