"""How fields of settings and of faults are declared: defaults, bounds and the help of their flags (pure)."""
