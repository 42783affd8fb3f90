"""swr-crawler reads the complete list of shared images of a container registry service (SWR) and writes it to disk.

Every record is on disk once, or the run says exactly what is missing.

The layers, from the top down; a folder imports from its own layer and those below (tests/layers.py):

    cli                          flags, output for people, exit codes
    report  audit  diff  query   what is made of a snapshot
    crawl                        plans walks, fetches their windows, publishes a snapshot
    store                        the files of a run: spool, journal, part files, workspace
    snapshot                     the files of a published snapshot: layout, manifest, reader
    config                       settings, their sources, credentials of each target
    walk                         which window is next, and what the pages prove
    swr                          the service: requests, responses, authentication, HTTP
    model                        the nouns that all layers share
    files  text  errors          the ground floor
    emulator                     beside them: serves the same API, for tests and demos

Start with walk/walk.py: its first lines are the laws of the whole project. docs/explanation/architecture.md shows how
the data flows.
"""

__version__ = "0.1.0"
