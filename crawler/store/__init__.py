"""The working files of a run, and the publishing of its snapshot.

`workspace.py` decides which run is resumed, `spool.py` stores pages while it crawls, `part_files.py` and `publish.py`
make the snapshot.
"""
