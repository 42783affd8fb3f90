"""SQL over one snapshot."""
