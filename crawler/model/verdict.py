"""What is known of a walk that has ended (pure)."""

from typing import Literal

# complete   one pass saw one total on every page and as many distinct records
# partial    some windows could not be read
# drifted    every window was read, but in no pass did the list stand still
# unproven   nothing says how many records there are: no total, or one that only counts the page
Verdict = Literal["complete", "partial", "drifted", "unproven"]
