"""`python -m crawler` is `swr-crawler`."""

from crawler.cli import main

main()
