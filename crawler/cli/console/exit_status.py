"""The exit codes that no error class declares (pure); `crawler/cli/exit_codes.py` says what all of them mean."""

from typing import Final

from crawler.errors import SIGNALLED

SUCCESS: Final = 0
FOUND: Final = 1  # `audit` and `diff --exit-code`: there is something to look at, as grep and git diff say it
INTERNAL_ERROR: Final = 70  # EX_SOFTWARE of BSD's sysexits.h
INTERRUPTED: Final = SIGNALLED + 2  # SIGINT
BROKEN_PIPE: Final = SIGNALLED + 13  # SIGPIPE
TERMINATED: Final = SIGNALLED + 15  # SIGTERM
