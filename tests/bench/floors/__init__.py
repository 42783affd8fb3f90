"""The floors: plain scripts that do only a part of the job, as well as one process can."""
