"""Fetches the windows of all walks concurrently and publishes walks as they end.

`engine.py` starts every task of the package. A window is chosen by `crawl/scheduling/target_scheduler.py`, fetched by
`window_fetcher.py`, written by `store/disk_writer.py`, and published by `publisher.py`.
"""
