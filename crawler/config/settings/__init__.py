"""One declaration for each setting: type, range, unit, default, help, flag and environment variable (pure)."""
