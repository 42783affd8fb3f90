"""`python -m crawler` is `swr-crawler`."""

from crawler.cli.main import main

main()
