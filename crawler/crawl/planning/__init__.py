"""Which walks a crawl consists of, and the schedulers that hand them out: shared by `crawl` and `plan`."""
