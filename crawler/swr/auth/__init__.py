"""Authentication of requests: tokens, signatures made with access keys, temporary keys."""
