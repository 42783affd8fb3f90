"""From flags, environment and file to one frozen Config; each setting has one declaration."""
