"""The verdict of a walk that has ended (pure); walk/walk.py has the rules."""

from typing import Literal

# complete   one pass saw one total on all pages and read that many distinct records
# partial    some windows could not be read
# drifted    every window was read, but the list changed during every pass
# unproven   no total says how many records there are: none was declared, or it only counts the page
Verdict = Literal["complete", "partial", "drifted", "unproven"]
