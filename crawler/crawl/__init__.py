"""One crawl: which walks there are, who asks for which window when, and how the run ends."""
