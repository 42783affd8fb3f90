"""`python -m crawler` is `swr-crawler`."""

from crawler.cli.app import main

main()
