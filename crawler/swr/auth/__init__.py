"""What proves to the service who asks: tokens, signatures, temporary keys."""
