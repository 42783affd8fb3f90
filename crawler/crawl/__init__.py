"""One crawl: plan its walks, fetch their windows, store the pages, publish a snapshot.

`run.py` puts it together. `planning/` decides which walks there are, `engine/` fetches them, `resume.py` replays an
interrupted run, `run_store.py` connects the engine with the storage, `result.py` holds how the crawl ended.
"""
