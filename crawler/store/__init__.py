"""A run's working files: spool, journal, part files, and the publishing of a snapshot."""
