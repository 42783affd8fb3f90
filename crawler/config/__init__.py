"""From flags, environment and file to one frozen Config; one declaration for each setting."""
