"""The command line: flags, output for people, exit codes. The only place with click, environ and sys.exit."""
