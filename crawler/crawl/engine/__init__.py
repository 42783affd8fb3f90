"""The tasks of a crawl: the only place that starts any."""
