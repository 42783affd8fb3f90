"""The terminal side of a command: output, logs, progress, the summary, signals, exit codes."""
