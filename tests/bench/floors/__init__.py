"""The floors: plain scripts that do a part of the job as fast as one process can."""
