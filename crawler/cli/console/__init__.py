"""What people see and do while a command runs: output, logs, progress, the summary, signals."""
